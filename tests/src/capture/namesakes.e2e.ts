// Tables whose names are patterns that fit others, and types that have the names of others: each table keeps its own columns,
// key and values, by every way of reading.

import { CONNECTOR } from '@shelfcast/connect-config/context';
import { addTables } from '@shelfcast/connect-config/internals/add-table';
import { deleteConnector } from '@shelfcast/connect-config/internals/delete';
import { registerConnector } from '@shelfcast/connect-config/register';
import { snapshotTables } from '@shelfcast/connect-config/snapshot';
import { waitUntilRunning } from '@shelfcast/connect-config/wait-until';
import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { postgresText } from '../support/postgres-text.ts';
import { readChanges } from '../support/topic-reader.ts';

const test = suite('namesakes');

const harness = openConnectorHarness();
const { context, kafka } = harness;
const { products, client } = context;
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });

const stamp = Date.now().toString(36);
/** The first fits the second as a pattern of LIKE. */
const [ONE, OTHER] = [`n_${stamp}`, `nx${stamp}`] as const;
const OLD = `a${stamp}`;
const mood = `mood_${stamp}`;

interface Column {
  readonly name: string;
  readonly type: string;
  /** What a domain is made of, where arriving values depend on it. */
  readonly base?: string;
  /** Expression of row `i`. */
  readonly value: string;
  readonly isKey?: true;
}
interface Sample {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly Column[];
}

const key = { isKey: true } as const;
const ID: Column = { name: 'id', type: 'int', value: 'i', ...key };

const TABLES: Sample[] = [
  {
    ...{ schema: ONE, table: 'a_b' },
    columns: [ID, { name: 'note', type: 'text', value: `'note ' || i` }],
  },
  {
    ...{ schema: ONE, table: 'axb' },
    columns: [
      { name: 'note', type: 'numeric(7,2)', value: 'i + 0.5' },
      { name: 'code', type: 'text', value: `'c' || i`, ...key },
      { name: 'id', type: 'bigint', value: 'i * 10', ...key },
    ],
  },
  {
    ...{ schema: ONE, table: '100%_off' },
    columns: [ID, { name: 'until', type: 'date', value: `'2026-01-01'::date + i` }],
  },
  {
    ...{ schema: ONE, table: '100 xoff' },
    columns: [
      { name: 'until', type: 'boolean', value: 'i % 2 = 0' },
      { name: 'k', type: 'uuid', value: 'md5(i::text)::uuid', ...key },
    ],
  },
  {
    ...{ schema: OTHER, table: 'a_b' },
    columns: [
      { name: 'id', type: 'interval', value: `i * interval '1 day'` },
      { name: 'k', type: 'bigint', value: 'i', ...key },
    ],
  },
  {
    ...{ schema: OTHER, table: '100%_off' },
    columns: [
      { name: 'id', type: 'int4range', value: 'int4range(i, i + 2)' },
      { name: 'k', type: 'text', value: `'k' || i`, ...key },
    ],
  },
  // Debezium's lists of tables do not tell case.
  {
    ...{ schema: ONE, table: 'Orders' },
    columns: [
      { name: 'Id', type: 'text', value: `'O' || i`, ...key },
      { name: 'n', type: 'int', value: 'i' },
    ],
  },
  {
    ...{ schema: ONE, table: 'orders' },
    columns: [
      { name: 'n', type: 'date', value: `'2026-04-01'::date + i` },
      { name: 'id', type: 'int', value: 'i * 7', ...key },
    ],
  },
  // Names of what carries them: the envelope's fields, those of objects and words of JavaScript, Debezium's own.
  {
    ...{ schema: ONE, table: 'Envelope' },
    columns: [
      ID,
      ...['op', 'source', 'before', 'after', 'ts_ms', 'transaction', '__deleted', '__table'],
      ...['constructor', 'toString', 'toJSON', 'isValid', 'clone', 'hasOwnProperty', 'valueOf'],
      ...[
        'class',
        'default',
        'this',
        'arguments',
        'eval',
        'then',
        'length',
        'null',
        'shelfcast_key',
      ],
    ].map((one) =>
      typeof one === 'string' ? { name: one, type: 'text', value: `'v' || i` } : one,
    ),
  },
  // A table is a type as well: its rows'.
  {
    ...{ schema: ONE, table: 'date' },
    columns: [
      { name: 'day', type: 'date', value: `'2026-02-01'::date + i`, ...key },
      { name: 'at', type: 'point', value: 'point(i, 0.5)' },
      { name: 'uuids', type: 'uuid[]', value: 'array[md5(i::text)::uuid]' },
    ],
  },
  {
    ...{ schema: ONE, table: 'point' },
    columns: [
      { name: 'uuid', type: 'uuid', value: 'md5(i::text)::uuid', ...key },
      { name: 'text', type: 'text', value: `'t' || i` },
      { name: 'since', type: 'timestamp(3)', value: `'2026-01-01 00:00:00.125'::timestamp` },
    ],
  },
  {
    ...{ schema: ONE, table: 'uuid' },
    columns: [ID, { name: 'm', type: 'money', value: 'i::money' }],
  },
  {
    ...{ schema: ONE, table: 'keys' },
    columns: [
      { name: 'amount', type: `${ONE}.${mood}`, value: 'i + 0.25', ...key },
      { name: 'letters', type: `${ONE}."größe"`, value: `'größer'`, ...key },
      { name: 'day', type: `${OLD}.${mood}`, value: `'2026-03-01'::date + i`, ...key },
    ],
  },
  {
    ...{ schema: ONE, table: 'types' },
    columns: [
      ID,
      { name: 'of_public', type: `public.${mood}`, value: `'sad'` },
      { name: 'of_own', type: `${ONE}.${mood}`, value: 'i + 0.25' },
      { name: 'of_old', type: `${OLD}.${mood}`, value: `'2026-03-01'::date + i` },
      { name: 'list', type: `${OLD}.${mood}[]`, value: `array['2026-03-01'::date + i]` },
      { name: 'dotted', type: `${ONE}."my.type"`, value: `'a.b'` },
      { name: 'quoted', type: `${ONE}."it""s"`, value: `'"'` },
      { name: 'letters', type: `${ONE}."größe"`, value: `'größer'` },
      { name: 'deep', type: `${ONE}.deep`, value: 'i + 0.125' },
      { name: 'feeling', type: `${ONE}.feeling`, value: `'sad'` },
      { name: 'moment', type: `${ONE}.moment`, value: `'2026-01-01 00:00:00.125'` },
      { name: 'initials', type: `${ONE}.initials`, value: `'ab'` },
      { name: 'flag', type: `${ONE}.flag`, base: 'bit(1)', value: `'1'` },
      { name: 'span', type: `${ONE}.span`, value: 'int4range(i, i + 2)' },
      { name: 'pair', type: `${ONE}.pair`, value: `row('a,b', i)::${ONE}.pair` },
      { name: 'pairs', type: `${ONE}.pair[]`, value: `array[row('a,b', i)::${ONE}.pair, null]` },
    ],
  },
];

const TYPES = `
  create domain ${OLD}.${mood} as date;
  create type public.${mood} as enum ('sad', 'glad');
  create domain ${ONE}.${mood} as numeric(7,2);
  create type ${ONE}."my.type" as enum ('a.b');
  create type ${ONE}."it""s" as enum ('"');
  create type ${ONE}."größe" as enum ('größer');
  create domain ${ONE}.deeper as numeric(9,3);
  create domain ${ONE}.deep as ${ONE}.deeper check (value > 0);
  create domain ${ONE}.feeling as public.${mood};
  create domain ${ONE}.moment as timestamp(3);
  create domain ${ONE}.initials as char(4);
  create domain ${ONE}.flag as bit(1);
  create domain ${ONE}.span as int4range;
  create type ${ONE}.pair as (a text, b int);`;

const sqlName = ({ schema, table }: Pick<Sample, 'schema' | 'table'>) =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
const NAMES = TABLES.map(({ schema, table }) => ({ schema, table }));

test.before(async () => {
  await products.query(
    `create schema ${OLD}; create schema ${ONE}; create schema ${OTHER}; ${TYPES}`,
  );
  for (const sample of TABLES) {
    const columns = sample.columns.map(({ name, type }) => `${pg.escapeIdentifier(name)} ${type}`);
    const keys = sample.columns.filter(({ isKey }) => isKey).map(({ name }) => name);
    await products.query(
      `create table ${sqlName(sample)} (${columns.join(', ')}, primary key (${keys.map(pg.escapeIdentifier).join(', ')}))`,
    );
  }
  await insert(1);
});

test.after(async () => {
  await products.query(`drop schema ${ONE} cascade; drop schema ${OTHER} cascade; drop schema ${OLD} cascade;
    drop type if exists public.${mood} cascade; drop type if exists public.none_${stamp}`);
  await products.query('delete from shelfcast.captured_tables where table_schema = any($1)', [
    [ONE, OTHER],
  ]);
  await registerConnector(context);
  codec.close();
  await harness.close();
});

async function insert(row: number): Promise<void> {
  for (const sample of TABLES) {
    const values = sample.columns.map(({ value }) => value);
    await products.query(
      `insert into ${sqlName(sample)} select ${values.join(', ')} from (select ${row} as i) as one`,
    );
  }
}

/** As the type's output function prints it. */
const printed = (expression: string) =>
  `case when num_nulls(${expression}) = 0 then format('%s', ${expression}) end`;

/** The newest change of each key that is meant has the values and the key of the source. */
async function assertExact(row: number, isMeant: (change: Change) => boolean): Promise<void> {
  await eventually(
    async () => {
      const changes = (
        await readChanges(
          kafka,
          codec,
          NAMES.map((one) => cdcTopic(one)),
        )
      ).filter(isMeant);
      for (const sample of TABLES) await assertTable(sample, row, changes);
    },
    { what: `row ${row} of every table`, timeoutMs: 60_000, intervalMs: 500 },
  );
}

async function assertTable(sample: Sample, row: number, changes: readonly Change[]): Promise<void> {
  const { schema, table, columns } = sample;
  const keys = columns.filter(({ isKey }) => isKey);
  const { rows } = await products.query<Record<string, string | null>>(
    `select ${columns.map(({ name }) => `${printed(pg.escapeIdentifier(name))} as ${pg.escapeIdentifier(name)}`).join(', ')}
     from ${sqlName(sample)}, (select ${row} as i) as one
     where ${keys.map(({ name, value }) => `${pg.escapeIdentifier(name)} = ${value}`).join(' and ')}`,
  );
  const [source = {}] = rows;
  const [first] = keys;
  const ofTable = changes.filter(({ entity }) => entity === `${schema}.${table}`);
  for (const { after } of ofTable) {
    assert.equal(
      Object.keys(after ?? {}),
      columns.map(({ name }) => name),
      table,
    );
  }
  const texts = keys.map(({ name }) => source[name]);
  const keyText = texts.length === 1 ? texts[0] : JSON.stringify(texts);
  const found = ofTable.filter((change) => change.key === keyText).at(-1);
  assert.ok(
    found,
    `${schema}.${table}: ${keyText} (${first?.name}) among ${ofTable.map((one) => one.key)}`,
  );
  const values = columns.map(({ name, type, base = type }) =>
    postgresText(found.after?.[name], base),
  );
  const { rows: arrived } = await products.query<Record<string, string | null>>(
    `select ${columns.map(({ name, type }, at) => `${printed(`$${at + 1}::text::${type}`)} as ${pg.escapeIdentifier(name)}`).join(', ')}`,
    values,
  );
  assert.equal(arrived[0], source, `${schema}.${table}`);
}

test('an enum without labels stops nothing', async () => {
  await products.query(`create type public.none_${stamp} as enum ()`);
  await client.restart(CONNECTOR, { onlyFailed: false });
  await waitUntilRunning({ client, connector: CONNECTOR, runningForMs: 3_000 });
});

test('by an incremental snapshot', async () => {
  const { left } = await addTables(context, { tables: NAMES });
  assert.equal(
    left.map(({ error }) => error.message),
    [],
  );
  await assertExact(1, ({ op }) => op === 'read');
});

test('by the stream', async () => {
  await insert(2);
  await assertExact(2, ({ op }) => op === 'create');
});

test('by the stream, after columns were added', async () => {
  for (const sample of TABLES) {
    const [{ type = 'int', value = 'i' } = {}] = sample.columns.slice(-1);
    await products.query(`alter table ${sqlName(sample)} add column extra ${type}`);
    Object.assign(sample, { columns: [...sample.columns, { name: 'extra', type, value }] });
  }
  await insert(3);
  await assertExact(3, ({ op, after }) => op === 'create' && 'extra' in (after ?? {}));
});

test('by an incremental snapshot of the tables as they are now', async () => {
  const { unread } = await snapshotTables(context, { tables: NAMES });
  assert.equal(
    unread.map(({ error }) => error.message),
    [],
  );
  for (const row of [1, 2, 3]) {
    await assertExact(row, ({ op, after }) => op === 'read' && 'extra' in (after ?? {}));
  }
});

test('by the initial snapshot of a connector that is registered again', async () => {
  await deleteConnector(context);
  const { unread, epoch } = await registerConnector(context);
  assert.equal(
    unread.map(({ error }) => error.message),
    [],
  );
  for (const row of [1, 2, 3]) await assertExact(row, (one) => one.epoch === epoch);
});

test('a type that was dropped gives its name to another', async () => {
  const types = TABLES.at(-1);
  assert.ok(types);
  await products.query(`alter table ${sqlName(types)} drop column feeling, drop column dotted, drop column extra;
    drop domain ${ONE}.feeling; create type ${ONE}.feeling as (a int, b date);
    drop type ${ONE}."my.type"; create domain ${ONE}."my.type" as numeric(5,3);
    create type ${ONE}.late as enum ('late');
    create type public.late_${stamp} as enum ('x'); drop type public.late_${stamp};
    alter type public.${mood} add value 'new';
    alter table ${sqlName(types)} add column feeling ${ONE}.feeling, add column dotted ${ONE}."my.type",
      add column late ${ONE}.late, add column newest public.${mood}`);
  const gone = new Set(['feeling', 'dotted', 'extra']);
  const columns = [
    ...types.columns.filter(({ name }) => !gone.has(name)),
    { name: 'feeling', type: `${ONE}.feeling`, value: `row(i, '2026-01-01')::${ONE}.feeling` },
    { name: 'dotted', type: `${ONE}."my.type"`, value: '1.125' },
    { name: 'late', type: `${ONE}.late`, value: `'late'` },
    { name: 'newest', type: `public.${mood}`, value: `'new'` },
  ];
  TABLES.splice(0, TABLES.length, { ...types, columns });
  const isNew = ({ after }: Change) => after != null && 'late' in after;
  const { unread } = await snapshotTables(context, { tables: TABLES });
  assert.equal(
    unread.map(({ error }) => error.message),
    [],
  );
  await assertExact(1, isNew);
  await insert(4);
  await assertExact(4, (change) => change.op === 'create' && isNew(change));
  const again = await snapshotTables(context, { tables: TABLES });
  assert.equal(
    again.unread.map(({ error }) => error.message),
    [],
  );
  await assertExact(4, (change) => change.op === 'read' && isNew(change));
});

test.run();
