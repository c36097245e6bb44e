import { assertFinding } from '@shelfcast/service-kit/testing/expect-finding';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkTakenOut } from './check-taken-out.ts';

const removed = {
  ...{ schema: 'public', table: 'orders', routingColumn: 'id', removedAt: new Date(0) },
  ...{ reason: 'It cannot be carried.', topicDeleted: false, finished: true },
};

test('what the guard took out is a problem, with the command that takes it in again', () =>
  assertFinding(checkTakenOut({ removedTables: [{ ...removed, removedBy: 'guard' }] }), {
    ...{
      check: 'taken-out',
      level: 'problem',
      summary: /public\.orders .* It cannot be carried\.$/,
    },
    remedy: /^make connector-add-table TABLE=public\.orders/,
  }));

test('what people took out is out by intent', () =>
  assert.equal(checkTakenOut({ removedTables: [{ ...removed, removedBy: 'ann' }] }), []));

test.run();
