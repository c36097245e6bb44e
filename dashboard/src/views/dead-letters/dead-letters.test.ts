import type { DeadLetterItem, ParkedRecord } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fieldsOf } from '../../lib/contract/fields.ts';
import { causesOf, lettersSentence, matches } from './causes.ts';
import { draftFault, draftOf, editColumns, editOutcome, rowContract } from './edit.ts';
import {
  describeDiscarded,
  describeDryRun,
  describeProgress,
  idsByConsumer,
  progressOf,
  together,
} from './outcome.ts';

const test = suite('dead letters');
const letter = (key: string, more: Partial<DeadLetterItem> = {}): DeadLetterItem => ({
  id: `id-${key}`,
  consumer: 'pricing',
  entity: 'products',
  key,
  state: 'dead',
  attempts: 6,
  redrives: 0,
  parkedAt: '2026-11-28T10:00:00Z',
  nextAttemptAt: null,
  errorType: 'TypeError',
  errorMessage: `price of ${key} is 249902.00`,
  waiting: 1,
  eventId: null,
  topic: 'pis.public.products',
  partition: 0,
  offset: '1',
  ...more,
});

test('letters that differ only in their key and figures have one cause', () => {
  const letters = [
    letter('P-1', { parkedAt: '2026-11-28T11:00:00Z' }),
    letter('P-2', { errorMessage: 'price of P-2 is 17', waiting: 3 }),
    letter('P-3', { errorMessage: 'name is missing' }),
    letter('P-4', { consumer: 'catalogue' }),
  ];
  const causes = causesOf(letters);
  assert.equal(
    causes.map(({ consumer, letters: own, waiting }) => [consumer, own.length, waiting]),
    [
      ['pricing', 2, 4],
      ['pricing', 1, 1],
      ['catalogue', 1, 1],
    ],
  );
  assert.is(causes[0]?.sinceMs, Date.parse('2026-11-28T10:00:00Z'));
  assert.is(causesOf([letter('a', { errorType: 'error' })])[0]?.errorType, '');
  const [first] = causes;
  const filter = { consumer: '', cause: first?.id ?? '', text: '' };
  assert.is(letters.filter((one) => matches(one, filter)).length, 2);
  assert.is(letters.filter((one) => matches(one, { ...filter, text: ' p-2' })).length, 1);
});

test('what waits is said in a sentence', () => {
  assert.is(lettersSentence([], false), 'Every change could be applied.');
  assert.is(
    lettersSentence([letter('a', { waiting: 3 }), letter('b', { state: 'retrying' })], false),
    '1 key waits for a decision, 1 key is tried again by itself. All other keys go on. 2 later changes wait behind them, in order.',
  );
});

test('of a part of the dead letters, it is not said that they are all', () => {
  assert.is(
    lettersSentence([letter('a'), letter('b')], true),
    'Of the 2 that have waited longest: 2 keys wait for a decision. All other keys go on.',
  );
});

const FIELDS = fieldsOf({
  type: 'record',
  fields: [
    { name: 'name', type: ['null', 'string'], default: null },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    { name: 'stock_quantity', type: 'int' },
  ],
});
const CONTRACT = rowContract('pis.public.products', FIELDS);
const record: ParkedRecord = {
  id: '1',
  eventId: null,
  topic: 'pis.public.products',
  partition: 0,
  offset: '1',
  timestampMs: 0,
  headers: {},
  op: 'update',
  before: { product_id: 'P-1', name: 'Desk', price: '10.00', stock_quantity: 3 },
  after: { product_id: 'P-1', name: 'Desk', price: '249902.00', stock_quantity: 3 },
  edit: null,
  unreadable: null,
};

test('an edit holds what was changed and nothing else, with exact decimals', () => {
  const columns = editColumns(record, { key: 'P-1' });
  assert.equal(
    columns.map(({ name, isKey, isChanged }) => [name, isKey, isChanged]),
    [
      ['product_id', true, false],
      ['name', false, false],
      ['price', false, true],
      ['stock_quantity', false, false],
    ],
  );
  const drafts = Object.fromEntries(columns.map((column) => [column.name, draftOf(column)]));
  assert.equal(editOutcome(columns, drafts, CONTRACT), { edit: {}, faults: {}, changed: [] });
  const edited = { ...drafts, price: { text: '9.90', isNull: false } };
  assert.equal(editOutcome(columns, edited, CONTRACT), {
    edit: { price: '9.90' },
    faults: {},
    changed: [{ name: 'price', from: '249902.00', to: '9.90' }],
  });
  const stock = { ...drafts, stock_quantity: { text: '7', isNull: false } };
  assert.equal(editOutcome(columns, stock, CONTRACT).edit, { stock_quantity: 7 });
  const price = { text: '9.999', isNull: false };
  const wrong = editOutcome(columns, { ...drafts, price }, CONTRACT);
  assert.equal(wrong.edit, {});
  assert.match(wrong.faults.price ?? '', '2 digits');
});

test('null only where the contract has it, and an earlier edit stays', () => {
  const earlier = { ...record, edit: { price: '5.00' } };
  const columns = editColumns(earlier, { key: 'P-1' });
  const [, name, price] = columns;
  if (name === undefined || price === undefined) throw new Error('columns');
  const none = { text: '', isNull: true };
  assert.is(draftFault(name, none, CONTRACT), undefined);
  assert.is(draftFault(price, none, CONTRACT), 'price cannot be null.');
  assert.is(price.value, '5.00');
  assert.equal(editOutcome(columns, { name: none }, CONTRACT).edit, { name: null, price: '5.00' });
});

test('what a redrive comes to is told by what is still parked', () => {
  const outcome = together([
    { matched: 2, done: 2, refused: [] },
    { matched: 1, done: 0, refused: [{ entity: 'products', key: 'P-3', reason: 'too often' }] },
  ]);
  assert.is(
    describeDryRun(outcome, 'redrive'),
    '2 keys would be tried again, with all that waits behind. 1 key would be left alone.',
  );
  const redriven = ['P-1', 'P-2', 'P-3', 'P-4'].map((key) => letter(key));
  const parked = [
    letter('P-2', { state: 'retrying' }),
    letter('P-3'),
    letter('P-4', { id: 'next' }),
  ];
  const progress = progressOf(redriven, parked);
  assert.equal(progress, { applied: 2, underway: 1, failed: 1 });
  assert.is(
    describeProgress(progress),
    '2 keys are applied, 1 key is being tried, 1 key failed again.',
  );
});

test('a discard of several is asked of each consumer, and told in its own words', () => {
  const letters = [letter('P-1'), letter('P-2', { consumer: 'catalogue' }), letter('P-3')];
  assert.equal(idsByConsumer(letters), [
    { consumer: 'pricing', ids: ['id-P-1', 'id-P-3'] },
    { consumer: 'catalogue', ids: ['id-P-2'] },
  ]);
  const outcome = { matched: 3, done: 3, refused: [] };
  assert.is(
    describeDryRun(outcome, 'discard'),
    '3 changes would be given up, the oldest of each key.',
  );
  assert.is(describeDiscarded(outcome), '3 dead letters are discarded.');
  assert.match(describeDiscarded({ ...outcome, done: 0 }), 'gone already');
});

test.run();
