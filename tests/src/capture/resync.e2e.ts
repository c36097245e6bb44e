// The slot is lost while rows are deleted; make resync brings the read models back to the truth, despite kills.
import { randomUUID } from 'node:crypto';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR, SLOT } from '@shelfcast/connect-config/context';
import { epochOf } from '@shelfcast/connect-config/render';
import { dropSlot } from '@shelfcast/connect-config/replication-slot';
import { waitUntilRunning, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { makeResync } from '../support/make-resync.ts';
import { assertMirrored, connectPipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { recoveryTime } from '../support/recovery.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports } from '../support/topic-reader.ts';

const test = suite('resync');

const client = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
const pipeline = connectPipeline();
const { products, consumers } = pipeline;
const prefix = `R-${randomUUID().slice(0, 8)}`;
const id = (nr: number) => `${prefix}-${String(nr).padStart(5, '0')}`;

const ROWS = 3_000;
/** Ten transactions of a sweep. */
const DELETED = 2_500;
/** Its change was parked before the slot was lost, and it was deleted since. */
const GONE_PARKED = id(1);
/** Likewise, but it is still there. */
const KEPT_PARKED = id(ROWS - 1);
/** Deleted while there was no slot, and created again when the snapshot was over. */
const CREATED_AGAIN = id(7);
/** Known from its publishers alone. */
const MANUAL = `${prefix}-manual`;
const MANUAL_POSITION = encodeManualPosition(1, 1n);

let epochBefore = 0n;

test.before(async () => {
  // Other files begin epochs without a sweep.
  const { status, output } = await makeResync({ YES: '1', FORCE: '1', CONFIRM: '1000000' });
  assert.is(status, 0, output);
  await products.query(
    `insert into products (product_id, name, price)
     select $1 || lpad(nr::text, 5, '0'), 'Row ' || nr, nr from generate_series(1, $2::int) as nr`,
    [`${prefix}-`, ROWS],
  );
  await products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     select 'D-' || product_id, product_id, 'season', 10 from products where product_id between $1 and $2`,
    [id(1), id(100)],
  );
  await assertMirrored(pipeline);
  await consumers.query(
    `insert into runtime.guards (consumer, entity, key, position) values ('catalogue', 'products', $1, $2)`,
    [MANUAL, MANUAL_POSITION],
  );
  await parkChangesOf([GONE_PARKED, KEPT_PARKED]);
  epochBefore = await registeredEpoch();
});

test.after(async () => {
  await consumers.query('drop function if exists fail_for_test() cascade');
  await consumers.query('drop function if exists rest_for_test() cascade');
  await products.query('delete from product_discounts where product_id like $1', [`${prefix}%`]);
  await products.query('delete from products where product_id like $1', [`${prefix}%`]);
  await pipeline.close();
});

test('nothing is wrong: refused in one sentence', async () => {
  const { status, output } = await makeResync({ YES: '1' });
  assert.is(status, 2);
  assert.match(output, /Nothing is wrong: .* FORCE=1/);
  assert.is(await registeredEpoch(), epochBefore);
});

test('a lost slot: the connector says so, and nothing happens unasked', async () => {
  await client.stop(CONNECTOR);
  await waitUntilStopped({ client, connector: CONNECTOR });
  await dropSlot(products, { name: SLOT });
  await products.query(
    'delete from product_discounts where product_id <= $1 and product_id like $2',
    [id(50), `${prefix}%`],
  );
  await products.query('delete from products where product_id between $1 and $2', [
    id(1),
    id(DELETED),
  ]);
  await products.query(
    `update products set price = price + 1, name = 'changed unseen' where product_id between $1 and $2`,
    [id(DELETED + 1), id(DELETED + 200)],
  );
  await products.query(
    `insert into products (product_id, name, price) select $1 || nr, 'made unseen', nr from generate_series(1, 100) as nr`,
    [`${prefix}-new-`],
  );
  await client.resume(CONNECTOR);
  await waitUntilRunning({ client, connector: CONNECTOR }).then(
    () => assert.unreachable('it goes on without a slot'),
    (error: Error) => assert.match(error.message, /To mend it: YES=1 make resync/),
  );

  const { status, output } = await makeResync({});

  assert.is(status, 2);
  assert.match(output, /slot is gone[\s\S]*What happens now[\s\S]*Say YES=1/);
  assert.is(await registeredEpoch(), epochBefore);
});

test('everything is read again; a paused consumer is named, and its sweep waits for it', async () => {
  await command('pause', { reason: 'a test' });

  const { status, output } = await makeResync({ YES: '1' });

  assert.is(status, 2);
  assert.match(output, /rows of 3 of 3 tables: complete /);
  assert.match(output, /catalogue is paused \(a test\)/);
  for (const consumer of ['pricing', 'inventory']) {
    assert.match(
      output,
      new RegExp(
        `${consumer} removed nothing: 2[56]\\d\\d of \\d+ keys would be .* CONFIRM=2[56]\\d\\d `,
      ),
    );
  }
  assert.ok((await registeredEpoch()) > epochBefore, 'the epoch grew');
  await products.query(
    `insert into products (product_id, name, price) values ($1, 'made again', 5)`,
    [CREATED_AGAIN],
  );
});

test('so many keys are removed only when their number is confirmed', async () => {
  await command('resume', {});

  const { status, output } = await makeResync({ YES: '1', CONFIRM: String(DELETED / 2) });

  assert.is(status, 2);
  assert.match(output, /has begun anew already/);
  assert.match(output, /catalogue removed nothing: 2[56]\d\d of \d+ keys/);
  assert.is(await sweptSoFar(), 0);
  const { rows } = await consumers.query(
    'select from catalogue.products where product_id between $1 and $2',
    [id(1), id(DELETED)],
  );
  assert.is(rows.length, DELETED);
});

test('a process killed in the middle of the sweep changes nothing of its outcome', async () => {
  const stack = await sharedStack();
  const killedAt = stack.restarts('consumers');
  // So that there is a middle to be hit.
  await consumers.query(
    `create function rest_for_test() returns trigger language plpgsql as
     $$ begin perform pg_sleep(0.3); return null; end $$;
     create trigger rest_for_test after delete on catalogue.products for each statement execute function rest_for_test()`,
  );
  const resynced = makeResync({ YES: '1', CONFIRM: '3000' });
  await eventually(async () => assert.ok((await sweptSoFar()) >= 600), {
    timeoutMs: 120_000,
    intervalMs: 20,
    what: 'a part is swept',
  });

  stack.kill('consumers');

  const swept = await sweptSoFar();
  assert.ok(swept < DELETED, `${swept} were swept when it was killed`);
  const { status, output } = await resynced;
  assert.is(status, 0, output);
  assert.match(output, /has begun anew already[\s\S]*Resync finished/);
  assert.ok(stack.restarts('consumers') > killedAt);
});

test('source and read model are equal; nothing parked brought a row back', async () => {
  await eventually(async () => assert.equal(await parked(), [KEPT_PARKED]), {
    // The process that was killed may have been at its retry: no other one tries it before that lease of a minute ends.
    timeoutMs: 90_000,
    what: 'the parked changes of a row that is gone are let go',
  });
  await consumers.query('drop function fail_for_test() cascade');
  await command('redrive', { key: KEPT_PARKED });
  const rows = await assertMirrored(pipeline);
  console.log(`# ${rows} rows equal`);
  const { rows: again } = await consumers.query(
    'select name from catalogue.products where product_id = $1',
    [CREATED_AGAIN],
  );
  assert.equal(again, [{ name: 'made again' }]);
  const { rows: manual } = await consumers.query(
    'select position from runtime.guards where key = $1',
    [MANUAL],
  );
  assert.equal(manual, [{ position: MANUAL_POSITION }], 'what publishers own is left alone');
  const { rows: old } = await consumers.query(
    `select key from runtime.guards where position > '' and position < $1 and not deleted`,
    [encodePosition({ epoch: await registeredEpoch(), sequence: [null, null], snapshot: true })],
  );
  assert.equal(old, [], 'every captured key stands in the new epoch');
});

test('every removed key is reported as processed, once per consumer and under one event id', async () => {
  const kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const expected = Array.from({ length: DELETED }, (_, index) => id(index + 1));
  await eventually(
    async () => {
      const reports = (await readReports(kafka, codec, MONITORING_TOPIC)).filter(
        (event) =>
          event.key?.startsWith(prefix) && Reflect.get(parseDetails(event), 'swept') === true,
      );
      const ofProducts = reports.filter(({ topic }) => topic.endsWith('.products'));
      const catalogue = ofProducts.filter(({ service }) => service === 'catalogue');
      const reported = new Set(catalogue.map(({ key }) => key));
      const unreported = expected.filter((key) => !reported.has(key) && key !== CREATED_AGAIN);
      assert.equal(unreported, []);
      assert.is(new Set(catalogue.map((event) => event.id)).size, reported.size);
      const keys = new Set(ofProducts.map(({ key }) => key));
      assert.is(new Set(ofProducts.map(({ eventId }) => eventId)).size, keys.size);
      assert.ok(ofProducts.every(({ stage, offset }) => stage === 'processed' && offset === null));
    },
    { timeoutMs: 60_000, intervalMs: 1_000, what: 'all reports' },
  );
  codec.close();
});

test('changes flow on, and another resync is refused', async () => {
  const throughMs = await recoveryTime(pipeline, prefix);
  console.log(`# a change after the resync is through in ${throughMs} ms`);
  const { status, output } = await makeResync({ YES: '1' });
  assert.is(status, 2);
  assert.match(output, /Nothing is wrong/);
  const state = await client.status(CONNECTOR);
  assert.equal([state?.connector.state, state?.tasks[0]?.state], ['RUNNING', 'RUNNING']);
});

async function registeredEpoch(): Promise<bigint> {
  return epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n;
}

async function command(kind: string, args: object): Promise<void> {
  const { rows } = await consumers.query<{ id: bigint }>(
    `insert into runtime.commands (consumer, kind, arguments, requested_by) values ('catalogue', $1, $2, 'test') returning id`,
    [kind, JSON.stringify(args)],
  );
  await eventually(
    async () => {
      const answer = await consumers.query<{ state: string }>(
        'select state from runtime.commands where id = $1',
        [String(rows[0]?.id)],
      );
      assert.is(answer.rows[0]?.state, 'done');
    },
    { timeoutMs: 30_000, what: `an answer to ${kind}` },
  );
}

async function sweptSoFar(): Promise<number> {
  const { rows } = await consumers.query<{ done: number | null }>(
    `select (result ->> 'done')::int as done from runtime.commands
     where kind = 'sweep' and consumer = 'catalogue' order by id desc limit 1`,
  );
  return rows[0]?.done ?? 0;
}

async function parked(): Promise<string[]> {
  const { rows } = await consumers.query<{ key: string }>(
    'select key from runtime.parked_keys where key like $1 order by key',
    [`${prefix}%`],
  );
  return rows.map(({ key }) => key);
}

/** The read model refuses their changes, but not their removal. */
async function parkChangesOf(keys: readonly string[]): Promise<void> {
  await consumers.query(
    `create function fail_for_test() returns trigger language plpgsql as
     $$ begin raise exception 'the test refuses %', new.product_id; end $$;
     create trigger fail_for_test before insert or update on catalogue.products for each row
     when (new.product_id in (${keys.map((key) => `'${key}'`).join(', ')})) execute function fail_for_test()`,
  );
  await products.query(`update products set name = 'refused' where product_id = any($1)`, [keys]);
  await eventually(async () => assert.equal(await parked(), keys), {
    timeoutMs: 30_000,
    what: 'parked changes',
  });
}

test.run();
