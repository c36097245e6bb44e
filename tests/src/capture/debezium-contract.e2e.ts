// What Shelfcast believes of Debezium, asked of the real connector: the order that source.sequence gives, and
// that the text of a type is one Postgres reads back to the very same value (types.e2e.ts: of every type).
import type { Change, ColumnValue } from '@shelfcast/schemas/change';
import { decodePosition } from '@shelfcast/schemas/position';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureHarness, openCaptureHarness } from '../support/capture-harness.ts';

/** A column of most types, and values that lose something in careless hands. */
const TYPES: Readonly<Record<string, { type: string; values: readonly string[] }>> = {
  price: { type: 'numeric(12,2)', values: ['19.90', '-0.01', '9999999999.99'] },
  ratio: {
    type: 'numeric(38,10)',
    values: ['-9999999999999999999999999999.0123456789', '0.0000000001'],
  },
  rounded: { type: 'numeric(5,-2)', values: ['12300', '-100'] },
  tiny: { type: 'numeric(3,5)', values: ['0.00999', '-0.00001'] },
  any_number: {
    type: 'numeric',
    values: ['123456789012345678901234567890.00000000000000000001', '1e20', '-5'],
  },
  views: {
    type: 'bigint',
    values: ['9223372036854775807', '-9223372036854775808', '9007199254740993'],
  },
  count: { type: 'int', values: ['2147483647', '-2147483648'] },
  small: { type: 'smallint', values: ['-32768'] },
  ratio4: { type: 'real', values: ['0.1', '1e38'] },
  ratio8: { type: 'double precision', values: ['0.1', '1e308', 'NaN', '-Infinity'] },
  active: { type: 'boolean', values: ['true', 'false'] },
  label: { type: 'text', values: ['größer 😀', '', 'line\nbreak'] },
  padded: { type: 'char(5)', values: ['ab'] },
  day: {
    type: 'date',
    values: ['2026-02-28', '0044-03-15 BC', '5874897-12-31', 'infinity', '-infinity'],
  },
  moment: {
    type: 'timestamp',
    values: [
      '2026-01-01 12:34:56.123456',
      '1969-12-31 23:59:59.999999',
      '9999-12-31 23:59:59.999999',
      'infinity',
      '-infinity',
    ],
  },
  moment3: { type: 'timestamp(3)', values: ['2026-01-01 12:34:56.123', 'infinity', '-infinity'] },
  instant: {
    type: 'timestamptz',
    values: ['2026-01-01 12:34:56.123456+05:30', '0001-01-01 00:00:00+00', 'infinity', '-infinity'],
  },
  clock: { type: 'time', values: ['00:00:00', '23:59:59.999999', '24:00:00'] },
  clock_zoned: { type: 'timetz', values: ['12:34:56.123456+00'] },
  lasting: {
    type: 'interval',
    values: ['1 year 2 mons 3 days 04:05:06.789012', '-1 days', '00:00:00'],
  },
  flags: { type: 'bit(12)', values: ['100000000101', '000000000000'] },
  picture: { type: 'bytea', values: ['\\x00ff', '\\x'] },
  identity: { type: 'uuid', values: ['0191f1d2-0000-7000-8000-000000000001'] },
  document: { type: 'json', values: ['{"a": 1.10, "a": 2}', 'null'] },
  attributes: { type: 'jsonb', values: ['{"price": 12345678901234567890.10}'] },
  address: { type: 'inet', values: ['10.0.0.1/8', '::1'] },
  tags: { type: 'text[]', values: ['{a,NULL,"b,c"}', '{}'] },
  numbers: { type: 'bigint[]', values: ['{9007199254740993,NULL}'] },
  mood: { type: 'mood', values: ['content'] },
};
const COLUMNS = Object.keys(TYPES);

interface Row {
  readonly id: number;
  readonly column: string;
  readonly text: string | null;
}
/** One row per value, every other column null. */
const ROWS: readonly Row[] = Object.entries(TYPES)
  .flatMap(([column, { values }]) => [null, ...values].map((text) => ({ column, text })))
  .map((row, index) => ({ ...row, id: index + 1 }));

const test = suite<CaptureHarness>('what Debezium writes');
let harness: CaptureHarness;

test.before(async () => {
  harness = await openCaptureHarness();
  const columns = COLUMNS.map((column) => `${column} ${TYPES[column]?.type}`).join(', ');
  await harness.db.query(`set search_path to ${harness.name};
    create type mood as enum ('sad', 'content');
    create table typed (id int primary key, ${columns});
    create table ordered (id text primary key, value int);
    insert into ordered values ('first', 0), ('second', 0), ('raced', 0);`);
  await insert(ROWS, 0);
  await harness.capture(['typed', 'ordered']);
});

test.after(() => harness.close());

test('every value of a snapshot goes back into Postgres as the very same value', async () => {
  for (const row of ROWS) await assertSame(row, 0);
});

test('every streamed value goes back into Postgres as the very same value', async () => {
  await insert(ROWS, 1_000);
  for (const row of ROWS) await assertSame(row, 1_000);
});

test('positions follow the commits, not the log', async () => {
  const early = await harness.db.connect();
  const late = await harness.db.connect();
  const table = `${harness.name}.ordered`;
  await harness.change('ordered', ({ key }) => key === 'first');
  await early.query('begin');
  await early.query(`update ${table} set value = 1 where id = 'first'`);
  await late.query(`update ${table} set value = 1 where id = 'second'`);
  await early.query(`update ${table} set value = 2 where id = 'first'`);
  await early.query('commit');
  early.release();
  late.release();

  const at = (key: string, value: number) =>
    harness.change('ordered', (change) => change.key === key && change.after?.value === value);
  const committedFirst = await at('second', 1);
  const [one, two] = [await at('first', 1), await at('first', 2)];
  assert.ok(lsnOf(one) < lsnOf(committedFirst), 'the other transaction wrote first');
  assert.ok(committedFirst.position < one.position, 'and comes second, since it committed second');
  assert.ok(
    one.position < two.position,
    'two updates of a row in one transaction keep their order',
  );
  for (const key of ['first', 'second']) {
    const read = await harness.change(
      'ordered',
      (change) => change.key === key && change.op === 'read',
    );
    const streamed = await at(key, 1);
    assert.ok(read.position < streamed.position, 'a snapshot read comes before what was streamed');
    assert.ok(read.source?.snapshot);
  }
});

test('an incremental read before an open transaction’s commit does not outlast that commit', async () => {
  const open = await harness.db.connect();
  const table = `${harness.name}.ordered`;
  await open.query('begin');
  await open.query(`update ${table} set value = 9 where id = 'raced'`);
  const readsBefore = reads('raced').length;
  await harness.snapshot('ordered');
  await eventually(async () => assert.ok(reads('raced').length > readsBefore), {
    timeoutMs: 60_000,
    intervalMs: 50,
    what: 'the row was read again',
  });
  await open.query('commit');
  open.release();

  const read = reads('raced').at(-1);
  const update = await harness.change(
    'ordered',
    ({ key, after }) => key === 'raced' && after?.value === 9,
  );
  assert.is(read?.after?.value, 0, 'the read shows the row as it was before the commit');
  assert.is(read?.source?.lsn, null);
  assert.ok(read !== undefined && read.position < update.position);
});

test('the parts of sequence are what the position is made of', async () => {
  for (const change of [...harness.changes('ordered'), ...harness.changes('typed')]) {
    const { epoch, sequence, snapshot } = decodePosition(change.position);
    assert.is(epoch, 7n);
    const lsn = change.source?.lsn;
    // An incremental read has no LSN; its sequence has that of the stream at the time.
    if (typeof lsn === 'bigint') assert.is(sequence[1], lsn, 'the second part is the LSN');
    assert.is(snapshot, change.op === 'read');
  }
  const ids = harness.changes('typed').map(({ id }) => id);
  assert.is(new Set(ids).size, ids.length);
});

function reads(key: string): Change[] {
  return harness.changes('ordered').filter((change) => change.key === key && change.op === 'read');
}

function lsnOf(change: Change): bigint {
  return change.source?.lsn ?? 0n;
}

async function insert(rows: readonly Row[], idOffset: number): Promise<void> {
  for (const { id, column, text } of rows) {
    await harness.db.query(
      `insert into ${harness.name}.typed (id, ${column})
       values ($1, $2::text::${typeOf(column)})`,
      [id + idOffset, text],
    );
  }
}

async function assertSame({ id, column, text }: Row, idOffset: number): Promise<void> {
  const what = `${TYPES[column]?.type} ${text}`;
  const change = await harness.change('typed', ({ key }) => key === String(id + idOffset));
  const value = change.after?.[column];
  const parameter = asParameter(value);
  // Compared as text: it tells 19.9 from 19.90, and json has no equality.
  const { rows } = await harness.db.query<{ source: string | null; back: string | null }>(
    `select ${column}::text as source, ($2::${parameter.type})::${typeOf(column)}::text as back
     from ${harness.name}.typed where id = $1`,
    [id + idOffset, parameter.value],
  );
  assert.equal(rows[0]?.back, rows[0]?.source, `${what} came as ${String(value)}`);
}

/** The type by its full name; the only one of our own is in the bench's schema. */
function typeOf(column: string): string {
  const type = TYPES[column]?.type ?? 'text';
  return type === 'mood' ? `${harness.name}.mood` : type;
}

function asParameter(value: ColumnValue | undefined): { type: string; value: unknown } {
  if (value instanceof Uint8Array) return { type: 'bytea', value: Buffer.from(value) };
  if (Array.isArray(value))
    return { type: 'text[]', value: value.map((item) => item?.toString() ?? null) };
  return { type: 'text', value: value === null || value === undefined ? null : String(value) };
}

test.run();
