import { ConnectError } from '@shelfcast/connect-config/connect-error';
import { CONNECTOR, SLOT } from '@shelfcast/connect-config/context';
import { addTable } from '@shelfcast/connect-config/internals/add-table';
import { deleteConnector } from '@shelfcast/connect-config/internals/delete';
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import { validateConnector } from '@shelfcast/connect-config/internals/validate';
import { registerConnector } from '@shelfcast/connect-config/register';
import { renderConnector } from '@shelfcast/connect-config/render';
import { dropSlot, readSlot } from '@shelfcast/connect-config/replication-slot';
import { snapshotTable } from '@shelfcast/connect-config/snapshot';
import { loadTemplate } from '@shelfcast/connect-config/template';
import { waitUntilRunning, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import { decodePosition } from '@shelfcast/schemas/position';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { readChanges, readTopics, toChange } from '../support/topic-reader.ts';

const harness = openConnectorHarness();
const { context, kafka } = harness;
const { client, products } = context;
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });

const table = { schema: 'public', table: `shelf_${Date.now().toString(36)}` };
const topic = `pis.public.${table.table}`;

test.after(async () => {
  await products.query(`drop table if exists ${table.table}`);
  await products.query('delete from shelfcast.captured_tables where table_name = $1', [
    table.table,
  ]);
  await registerConnector(context);
  await harness.close();
});

const changesOf = (topics: readonly string[]) => readChanges(kafka, codec, topics);

const slotUser = async () => {
  const { rows } = await products.query<{ active_pid: number | null }>(
    'select active_pid from pg_replication_slots where slot_name = $1',
    [SLOT],
  );
  return rows[0]?.active_pid;
};

test('registering again touches nothing', async () => {
  await registerConnector(context);
  await eventually(async () => (await slotUser()) != null, { what: 'the connector to stream' });
  const before = await slotUser();
  const { action } = await registerConnector(context);
  assert.is(action, 'unchanged');
  assert.is(await slotUser(), before);
});

test('every property of the connector is one that a plugin reads', async () => {
  const capturedTables = await listCapturedTables(products);
  const config = renderConnector({
    template: loadTemplate(),
    capturedTables,
    epoch: 1n,
    settings: context.settings,
  });
  assert.equal(await validateConnector(client, config), { errors: [], unknown: [] });
  const misspelt = { ...config, 'slot.nmae': 'x', 'snapshot.mode': 'sometimes' };
  const { errors, unknown } = await validateConnector(client, misspelt);
  assert.equal(unknown, ['slot.nmae']);
  assert.equal(
    errors.map(({ property }) => property),
    ['snapshot.mode'],
  );
});

test('Debezium’s role can read what is captured and write none of it', async () => {
  const url = new URL(fromEnvironment('PRODUCTS_DATABASE_URL'));
  url.username = 'debezium';
  url.password = 'debezium';
  const debezium = new pg.Client({ connectionString: url.toString() });
  await debezium.connect();
  try {
    await debezium.query('select from products limit 1');
    for (const statement of [
      'update products set price = 0',
      "insert into countries (country_id, name) values ('XX', 'X')",
      'delete from product_discounts',
      'truncate products cascade',
      'update shelfcast.captured_tables set routing_column = null',
      'create table mine ()',
    ]) {
      await debezium.query(statement).then(
        () => assert.unreachable(`${statement} was allowed`),
        (error: Error) => assert.match(error.message, /permission denied/, statement),
      );
    }
  } finally {
    await debezium.end();
  }
});

test('a product and its discounts share a partition; a delete leaves no tombstone', async () => {
  const id = `E2E-${Date.now()}`;
  await products.query("insert into products (product_id, name, price) values ($1, 'x', 1)", [id]);
  await products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     select $1 || '-' || n, $1, 'test', n from generate_series(1, 8) as n`,
    [id],
  );
  await products.query('delete from products where product_id = $1', [id]);

  const mine = await eventually(
    async () => {
      const records = await readTopics(kafka, [
        'pis.public.products',
        'pis.public.product_discounts',
      ]);
      assert.ok(
        records.every(({ value }) => value !== null),
        'a tombstone',
      );
      // Others' rows are many and need not be decoded.
      const changes = await Promise.all(
        records.filter(({ value }) => value?.includes(id)).map((record) => toChange(codec, record)),
      );
      return changes.filter((change) => change?.op === 'delete').length === 9 && changes;
    },
    { what: 'nine deletes', timeoutMs: 60_000, intervalMs: 500 },
  );
  assert.is(mine.length, 18);
  assert.is(new Set(mine.map((change) => change?.record.partition)).size, 1);
});

test('a table joins under concurrent writes: nothing lost, nothing repeated', async () => {
  await products.query(
    `create table ${table.table} (id text primary key, n int not null default 7, note text default '{}')`,
  );
  // Rows from before the table is captured, an explicit null where the column has a default among them.
  await products.query(
    `insert into ${table.table} (id, n, note) select 'old-' || i, 0, null from generate_series(1, 500) as i`,
  );
  const stop = new AbortController();
  const writing = keepWriting(stop.signal);
  try {
    await addTable(context, { table });
  } finally {
    stop.abort();
    await writing;
  }

  const { rows: expected } = await products.query<{ id: string; n: number; note: string | null }>(
    `select id, n, note from ${table.table} order by id collate "C"`,
  );
  const changes = await eventually(
    async () => {
      const seen = await changesOf([topic]);
      assert.equal(replay(seen), expected);
      return seen;
    },
    { what: 'the topic to hold the table', timeoutMs: 30_000 },
  );

  const streamed = changes.filter(({ op }) => op !== 'read');
  const identities = streamed.map(({ key, position }) => `${key} ${position}`);
  assert.is(new Set(identities).size, identities.length, 'a change came twice');
  assert.ok(streamed.length > 0 && streamed.length < changes.length, 'both streamed and read rows');
  assertContiguous(streamed);

  const { healthy, problems } = await reportConnector(context);
  assert.equal(problems, []);
  assert.ok(healthy);
});

test('adding it again changes nothing, another routing column is refused', async () => {
  const before = await slotUser();
  await addTable(context, { table });
  assert.is(await slotUser(), before);
  await refused(addTable(context, { table, routingColumn: 'n' }), /routed by id/);
});

test('what cannot be captured is refused in words, and nothing is changed', async () => {
  await products.query(`create view e2e_view as select 1 as a; create table e2e_no_key (a int);
    create table e2e_virtual (id int primary key, twice int generated always as (id * 2) virtual)`);
  try {
    // Captured, it would have the application's own updates fail.
    await refused(
      addTable(context, { table: { schema: 'public', table: 'e2e_virtual' } }),
      /virtual generated columns \(twice\).*refuse every UPDATE/,
    );
    await refused(addTable(context, { table: { schema: 'public', table: 'e2e_view' } }), /a view/);
    await refused(
      addTable(context, { table: { schema: 'public', table: 'e2e_no_key' } }),
      /no primary key/,
    );
    await refused(
      addTable(context, { table: { schema: 'public', table: 'missing' } }),
      /no table public\.missing/,
    );
    await refused(addTable(context, { table, routingColumn: 'missing' }), /no column missing/);
    await refused(
      snapshotTable(context, { table: { schema: 'public', table: 'e2e_no_key' } }),
      /not captured/,
    );
    const captured = await listCapturedTables(products);
    assert.not.ok(captured.some(({ table: name }) => name.startsWith('e2e_')));
  } finally {
    await products.query('drop view e2e_view; drop table e2e_no_key, e2e_virtual');
  }
});

test('a snapshot reads every row again', async () => {
  const readsBefore = countReads(await changesOf([topic]));
  await snapshotTable(context, { table, timeoutMs: 60_000 });
  const { rows } = await products.query<{ id: string }>(`select id from ${table.table}`);
  const readsAfter = countReads(await changesOf([topic]));
  // A worker that lost its group for a moment may read a row twice; leaving one out is what must not happen.
  const missed = rows.filter(({ id }) => (readsAfter.get(id) ?? 0) <= (readsBefore.get(id) ?? 0));
  assert.equal(missed, []);
});

test('a truncate arrives, after what it removed', async () => {
  await products.query(`truncate ${table.table}`);
  await products.query(`insert into ${table.table} (id) values ('after-truncate')`);
  const changes = await eventually(
    async () => {
      const seen = await changesOf([topic]);
      return seen.some(({ after }) => after?.id === 'after-truncate') && seen;
    },
    { what: 'the row after the truncate' },
  );
  const truncate = changes.find(({ op }) => op === 'truncate');
  const inserted = changes.find(({ after }) => after?.id === 'after-truncate');
  assert.ok(truncate && inserted && truncate.position < inserted.position);
});

test('a lost slot halts loudly and is explained with what mends it', async () => {
  await client.stop(CONNECTOR);
  await waitUntilStopped({ client, connector: CONNECTOR });
  await dropSlot(products, { name: SLOT });
  await client.resume(CONNECTOR);
  await refused(
    waitUntilRunning({ client, connector: CONNECTOR }),
    /slot is gone[\s\S]*To mend it: YES=1 make resync/,
  );
  const { healthy, losses } = await reportConnector(context);
  assert.not.ok(healthy);
  assert.match(losses.join('\n'), /make resync/);
});

test('deleted and registered again: no offsets, a higher epoch, everything read again', async () => {
  const epochBefore = (await registeredEpoch()) ?? 0n;
  await deleteConnector(context);
  assert.is(await client.config(CONNECTOR), undefined);
  assert.is(await readSlot(products, SLOT), undefined);
  await deleteConnector(context); // nothing left to delete is fine

  const { action, epoch } = await registerConnector(context);
  assert.is(action, 'created');
  assert.ok(epoch > epochBefore, `${epoch} > ${epochBefore}`);
  await eventually(
    async () =>
      (await changesOf([topic])).some(
        ({ op, position }) => op === 'read' && decodePosition(position).epoch === epoch,
      ),
    { what: 'a read of the new epoch', timeoutMs: 30_000 },
  );
});

test('a slot that an older transaction holds up: its session is named, and the remedy lets it go on', async () => {
  await deleteConnector(context);
  const older = new pg.Client({
    connectionString: fromEnvironment('PRODUCTS_DATABASE_URL'),
    application_name: 'forgotten',
  });
  older.on('error', () => {}); // it is ended
  await older.connect();
  await older.query('begin');
  const { rows } = await older.query<{ pid: number; user: string }>(
    'select pg_backend_pid() as pid, current_user as user, pg_current_xact_id()',
  );
  const [session] = rows;
  const named = `session ${session?.pid} of ${session?.user} (forgotten)`;
  const lines: string[] = [];
  const registered = registerConnector({ ...context, log: (line) => lines.push(line) });
  registered.catch(() => {}); // awaited below

  await eventually(async () => assert.ok(lines.some((line) => line.includes(named))), {
    what: 'its name in the progress',
    timeoutMs: 45_000,
  });
  const { problems } = await reportConnector(context);
  const said = problems.find((problem) => problem.includes(named)) ?? '';
  const sql = /make psql DB=products SQL="(select pg_terminate_backend\(\d+\))"/.exec(said)?.[1];
  assert.ok(sql, said);
  await products.query(sql ?? '');

  const { action } = await registered;
  assert.is(action, 'created');
  await older.end().catch(() => {});
});

test('a paused connector is resumed by registering', async () => {
  await client.pause(CONNECTOR);
  await eventually(async () => (await client.status(CONNECTOR))?.connector.state === 'PAUSED', {
    what: 'PAUSED',
  });
  const { action } = await registerConnector(context);
  assert.is(action, 'unchanged');
  assert.ok((await client.status(CONNECTOR))?.tasks.every(({ state }) => state === 'RUNNING'));
});

test('what Connect refuses is a typed error', async () => {
  await client.restart('no-such-connector', { onlyFailed: false }).then(
    () => assert.unreachable(),
    (error) => {
      assert.instance(error, ConnectError);
      assert.is(error.code, 'CONNECTOR_NOT_FOUND');
      assert.not.ok(error.retriable);
    },
  );
});

/** Inserts, updates and deletes until told to stop; `n` counts the changes of a row. */
async function keepWriting(signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i += 1) {
    const id = `new-${i}`;
    await products.query(`insert into ${table.table} (id, n) values ($1, 0)`, [id]);
    await products.query(`update ${table.table} set n = n + 1 where id in ($1, $2)`, [
      id,
      `old-${(i % 500) + 1}`,
    ]);
    if (i % 5 === 0) await products.query(`delete from ${table.table} where id = $1`, [id]);
  }
}

/** The table as its changes leave it, the newest position of each key deciding. */
function replay(changes: readonly Change[]): { id: unknown; n: unknown; note: unknown }[] {
  const newest = new Map<string, Change>();
  for (const change of changes) {
    const key = JSON.stringify(change.key);
    const known = newest.get(key);
    if (known?.position == null || (change.position ?? '') >= known.position)
      newest.set(key, change);
  }
  return [...newest.values()]
    .flatMap(({ after }) =>
      after === null ? [] : [{ id: after.id, n: after.n, note: after.note }],
    )
    .sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
}

/** Of every row, the streamed updates leave none out: each begins with the `n` the one before ended with. */
function assertContiguous(streamed: readonly Change[]): void {
  const last = new Map<string, unknown>();
  for (const { key, op, before, after } of streamed) {
    const id = String(key);
    if (op === 'update' && last.has(id))
      assert.is(before?.n, last.get(id), `a change of ${id} is missing`);
    last.set(id, after?.n);
  }
}

function countReads(changes: readonly Change[]): Map<string, number> {
  const reads = new Map<string, number>();
  for (const { op, after } of changes) {
    const id = String(after?.id);
    if (op === 'read') reads.set(id, (reads.get(id) ?? 0) + 1);
  }
  return reads;
}

async function registeredEpoch(): Promise<bigint | undefined> {
  const text = (await client.config(CONNECTOR))?.['transforms.epoch.value.literal'];
  return text === undefined ? undefined : BigInt(text);
}

async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await work.then(
    () => assert.unreachable(`expected: ${message}`),
    (error: Error) => assert.match(error.message, message),
  );
}

test.run();
