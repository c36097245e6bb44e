import type { AuditItem } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { describeAction, outcomeOf } from './audit-messages.ts';

const test = suite('audit');
const item = (more: Partial<AuditItem>): AuditItem => ({
  id: '1',
  who: 'otto',
  action: 'redrive',
  target: 'pricing/7',
  request: { ids: ['7'] },
  begunAt: '2026-11-28T10:00:00Z',
  outcome: 'done',
  result: { matched: 1, done: 1, refused: [] },
  endedAt: null,
  ...more,
});

test('each deed is a sentence', () => {
  assert.is(describeAction(item({})), 'otto redrove dead letter 7 of pricing');
  const many = { ids: ['7', '8'], dryRun: true };
  assert.is(
    describeAction(item({ request: many, target: 'pricing' })),
    'otto tried out a redrive of 2 dead letters of pricing',
  );
  const edit = { ids: ['7'], edit: { price: '1' } };
  assert.match(describeAction(item({ request: edit })), 'with price edited');
  const key = { key: 'P-1', reason: 'test data' };
  assert.is(
    describeAction(item({ action: 'discard', request: key })),
    'otto discarded the dead letters with key P-1 of pricing: “test data”',
  );
  assert.is(
    describeAction(item({ action: 'consumer.pause', target: 'pricing', request: { reason: 'x' } })),
    'otto paused the consumer pricing: “x”',
  );
  assert.is(describeAction(item({ action: 'new.thing', target: 't' })), 'otto: new.thing t');
});

test('what came of it: failures in the words of the service that refused', () => {
  assert.equal(outcomeOf(item({})), { status: 'ok', summary: '1 key' });
  const partly = item({ result: { matched: 3, done: 2, refused: [] } });
  assert.equal(outcomeOf(partly), { status: 'warn', summary: '2 keys, 1 left alone' });
  const failed = item({ outcome: 'failed', result: { error: 'No process hosts it' } });
  assert.equal(outcomeOf(failed), { status: 'bad', summary: 'No process hosts it' });
  assert.is(outcomeOf(item({ outcome: 'begun', result: null })).status, 'warn');
  const paused = item({ action: 'consumer.pause', result: { matched: 0, done: 0, refused: [] } });
  assert.is(outcomeOf(paused).summary, 'Done.', 'a pause is not of keys');
  assert.is(outcomeOf(item({ result: { name: 'products' } })).summary, 'Done.');
});

test.run();
