import type { AuditItem, DeadLetterDetail } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { adviceFor, describeAudit, isAbout, stateSentence } from './letter-messages.ts';

const test = suite('one dead letter');
const letter: DeadLetterDetail = {
  id: '7',
  consumer: 'pricing',
  entity: 'products',
  key: 'P-1',
  state: 'dead',
  attempts: 6,
  redrives: 0,
  parkedAt: '2026-11-28T10:00:00Z',
  nextAttemptAt: null,
  errorType: 'TypeError',
  errorMessage: 'no',
  waiting: 1,
  eventId: null,
  topic: 't',
  partition: 0,
  offset: '1',
  records: [],
};
const entry: AuditItem = {
  id: '1',
  who: 'otto',
  action: 'redrive',
  target: 'pricing/7',
  request: { ids: ['7'], edit: { price: '9.90' } },
  begunAt: '',
  outcome: 'done',
  result: { matched: 1, done: 1, refused: [] },
  endedAt: null,
};

test('the state says who has to act', () => {
  assert.is(stateSentence(letter), 'pricing tried it 6 times and gave up: it waits for you.');
  assert.match(stateSentence({ ...letter, redrives: 2 }), 'redriven 2 times in vain');
  assert.match(stateSentence({ ...letter, state: 'retrying' }), 'by itself');
});

test('what cannot be read is not offered for editing', () => {
  const record = {
    ...{ id: '7', eventId: null, topic: 't', partition: 0, offset: '1', timestampMs: 0 },
    ...{ headers: {}, op: null, before: null, after: null, edit: null, unreadable: 'magic byte' },
  };
  assert.match(adviceFor({ ...letter, records: [record] }), 'cannot be edited');
  assert.match(adviceFor({ ...letter, records: [{ ...record, unreadable: null }] }), 'no row');
});

test('the audit is told as sentences, of this letter only', () => {
  assert.is(describeAudit(entry), 'redrove it, with price edited');
  const failed = { ...entry, outcome: 'failed', result: { error: 'no such column' } } as const;
  assert.match(describeAudit(failed), 'refused: no such column');
  const discarded = { ...entry, action: 'discard', request: { ids: ['7'], reason: 'test data' } };
  assert.is(describeAudit(discarded), 'discarded it: “test data”');
  assert.ok(isAbout(entry, '7', 'pricing'));
  assert.ok(isAbout({ ...entry, target: 'pricing' }, '7', 'pricing'), 'one of many');
  assert.not.ok(isAbout({ ...entry, target: 'catalogue/7' }, '7', 'pricing'));
});

test.run();
