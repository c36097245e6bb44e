// A consumer of a table that is not captured says so by topic and table, and keeps nothing else from being ready.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { migrateConsumers } from '@shelfcast/consumers/migrate';
import { eventually } from '@shelfcast/service-kit/eventually';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { createTestDatabase } from './support/database.ts';
import { fromEnvironment } from './support/environment.ts';
import { kafkaAt, makeTopics } from './support/pipeline-kafka.ts';
import { probe } from './support/probe/probe.ts';
import { spawnProbe } from './support/probe/process.ts';

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

test.run();
