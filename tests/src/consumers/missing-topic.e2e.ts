// A consumer of a table that is not captured says so by topic and table, and keeps nothing else from being ready.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Finding } from '@shelfcast/service-kit/finding';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { shown } from '../support/await-alert.ts';
import { createTestDatabase } from '../support/database.ts';
import { fromEnvironment } from '../support/environment.ts';
import { foundByDoctor, heal } from '../support/heal.ts';
import { startTestMonitor } from '../support/monitor.ts';
import { kafkaAt, makeTopics } from '../support/pipeline-kafka.ts';
import { probe } from '../support/probe/probe.ts';
import { spawnProbe } from '../support/probe/process.ts';
import { runCommand } from '../support/run-command.ts';

const readiness = z.object({
  ready: z.boolean(),
  checks: z.record(z.string(), z.string()),
  notes: z.array(z.string()).default([]),
});

test('it waits for the topic by name, and reads it when it is there', async () => {
  const name = `probe_${randomBytes(4).toString('hex')}`;
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [probe(name)]);
  const admin = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createAdmin();
  const process = spawnProbe({ name, databaseUrl: database.url, topicPrefix: name });
  const ask = async () => {
    const response = await fetch(`${process.url()}/readyz`);
    return { status: response.status, ...readiness.parse(await response.json()) };
  };
  const waits = new RegExp(
    `^${name} waits for topic ${name}\\.public\\.products of public\\.products: make connector-add-table TABLE=public\\.products captures it`,
  );
  try {
    await eventually(
      async () => {
        const { status, checks } = await ask();
        assert.is(status, 503);
        assert.match(checks.groups ?? '', waits);
      },
      { what: 'the reason why it is not ready', timeoutMs: 60_000, intervalMs: 100 },
    );
    await process.ready();
    const { notes } = await ask();
    assert.match(notes.join(), waits);

    await makeTopics(admin, [`${name}.public.products`]);
    await eventually(
      async () => {
        const { status, notes: left } = await ask();
        assert.equal([status, left], [200, []]);
      },
      { what: 'the group with its topic', timeoutMs: 30_000, intervalMs: 100 },
    );
  } finally {
    process.child.kill('SIGTERM');
    if (process.child.exitCode === null) await once(process.child, 'exit');
    await admin.close();
    await database.drop();
  }
});

test('an alert names consumer, table and remedy within 30 s, as doctor does, and the remedy heals', async () => {
  const name = `probe_${randomBytes(4).toString('hex')}`;
  const table = `awaited_${name}`;
  const topic = cdcTopic({ schema: 'public', table });
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [probe(name)]);
  const results = new pg.Pool({ connectionString: database.url, max: 1 });
  const products = new pg.Pool({
    connectionString: fromEnvironment('PRODUCTS_DATABASE_URL'),
    max: 1,
  });
  await products.query(`create table ${table} (product_id text primary key, name text, stock_quantity int);
    insert into ${table} select 'p' || i, 'name', i from generate_series(1, 3) as i`);
  const monitor = await startTestMonitor({ CONSUMERS_DATABASE_URL: database.url });
  const process = spawnProbe({
    ...{ name, databaseUrl: database.url, topicPrefix: 'pis', table: `public.${table}` },
  });
  try {
    const since = performance.now();
    const { summary, remedy } = await shown({ monitor }, 'ConsumerWaits', topic, 'firing', since);
    if (!isBusy()) assert.ok(performance.now() - since < 30_000);
    assert.is(
      summary,
      `${name} waits for topic ${topic}, but public.${table} is not captured: nothing of it comes.`,
    );
    assert.is((await foundByDoctorOf({ name, topic, table })).remedy, remedy);

    await heal(remedy);

    await shown({ monitor }, 'ConsumerWaits', topic, 'resolved', performance.now());
    await eventually(
      async () => {
        const { rows } = await results.query('select key from effects order by key');
        assert.equal(
          rows.map(({ key }) => key),
          ['p1', 'p2', 'p3'],
        );
      },
      { what: 'the rows of the table', timeoutMs: 30_000 },
    );
  } finally {
    process.child.kill('SIGTERM');
    if (process.child.exitCode === null) await once(process.child, 'exit');
    await monitor.close();
    await runCommand(`make connector-remove-table PURGE=1 TABLE=${table}`);
    await products.query(`drop table ${table}`);
    await products.end();
    await results.end();
    await database.drop();
  }
});

/** What else the machine does says nothing of the monitor. */
function isBusy(): boolean {
  return (loadavg()[0] ?? 0) > 2 * availableParallelism();
}

/** What doctor finds where a consumer of the stack itself tells that it waits. */
async function foundByDoctorOf({
  name,
  topic,
  table,
}: Readonly<Record<'name' | 'topic' | 'table', string>>): Promise<Finding> {
  const consumers = new pg.Pool({
    connectionString: fromEnvironment('CONSUMERS_DATABASE_URL'),
    max: 1,
  });
  try {
    await consumers.query(
      "insert into runtime.missing_topics values ($1, $2, 'public', $3, now() + interval '5 minutes')",
      [name, topic, table],
    );
    return await foundByDoctor('awaited-topic', new RegExp(`${name} waits for topic`));
  } finally {
    await consumers.query('delete from runtime.missing_topics where consumer = $1', [name]);
    await consumers.end();
  }
}

test.run();
