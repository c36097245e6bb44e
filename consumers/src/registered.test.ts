import { CONSUMER_GROUPS } from '@shelfcast/schemas/consumer-groups';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { registered } from './registered.ts';

test('each consumer has the name it is known by', () => {
  assert.equal(
    registered.map(({ name }) => name),
    [...CONSUMER_GROUPS],
  );
});

test.run();
