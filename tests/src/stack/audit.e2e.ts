// Who did what through the APIs: one mechanism, which only adds.
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { migrateMonitoring } from '@shelfcast/monitor/migrate';
import { migrateProducer } from '@shelfcast/producer-api/migrate';
import { type Audit, createAudit } from '@shelfcast/service-kit/audit/audit';
import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { newToken } from '../support/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestApi } from '../support/producer-api.ts';

interface Context {
  database: TestDatabase;
  pool: pg.Pool;
}

const test = suite<Context>('audit');

test.before.each(async (context) => {
  context.database = await createTestDatabase();
  context.pool = new pg.Pool({ connectionString: context.database.url });
});
test.after.each(async ({ database, pool }) => {
  await pool.end();
  await database.drop();
});

const auditOf = (pool: pg.Pool, schema: string): Audit =>
  createAudit({ pool, schema, log: silentLogger() });

const listed = z.object({ items: z.array(z.record(z.string(), z.unknown())) });

test('what operators do to topics is kept as it was asked, with any character', async () => {
  const [operator, viewer] = [newToken('otto', 'operator'), newToken('vera', 'viewer')];
  const api = await startTestApi({ API_TOKENS: `${operator.setting},${viewer.setting}` });
  const [asOperator, asViewer] = [operator, viewer].map(({ token }) => ({
    authorization: `Bearer ${token}`,
  }));
  const name = `audit-${randomUUID().slice(0, 8)}`;
  const schema = {
    ...{ type: 'record', name: 'Note', doc: 'a\u0000b' },
    fields: [{ name: 'text', type: 'string' }],
  };
  try {
    const made = await api.call('POST', '/topics', { name, schema }, asOperator);
    assert.is(made.status, 201, JSON.stringify(made.body));
    assert.is((await api.call('POST', '/topics', { name, schema }, asOperator)).status, 409);
    assert.is((await api.call('DELETE', `/topics/${name}`, undefined, asViewer)).status, 403);
    assert.is((await api.call('DELETE', `/topics/${name}`, undefined, asOperator)).status, 204);
    const { body } = await api.call('GET', '/audit', undefined, asViewer);
    const items = listed.parse(body).items;
    assert.equal(
      items.map(({ who, action, target, outcome }) => [who, action, target, outcome]),
      [
        ['otto', 'topic.delete', name, 'done'],
        ['otto', 'topic.create', name, 'failed'],
        ['otto', 'topic.create', name, 'done'],
      ],
    );
    assert.equal(items[1]?.result, { error: `There is a topic ${name} already` });
    assert.match(JSON.stringify(items[2]?.request), 'a\\u0000b');
  } finally {
    await api.close();
  }
});

test('it is only ever added to, by its owner as by a role that may only add', async ({
  database,
  pool,
}) => {
  await migrateMonitoring(database.url);
  const writer = `writer_${randomUUID().slice(0, 8)}`;
  await pool.query(`create role ${writer} login password 'of-a-test'`);
  await pool.query(`grant usage on schema monitoring to ${writer}`);
  const tables = 'monitoring.audit_deeds, monitoring.audit_outcomes';
  await pool.query(`grant select, insert on ${tables} to ${writer}`);
  const url = Object.assign(new URL(database.url), { username: writer, password: 'of-a-test' });
  const narrow = new pg.Pool({ connectionString: url.toString() });
  try {
    const audit = auditOf(narrow, 'monitoring');
    const deed = { who: 'otto', action: 'redrive', target: 'catalogue', request: { all: true } };
    await audit.record(deed, async () => ({ redriven: 3 }));
    const failing = audit.record(deed, () => Promise.reject(new Error('no\u0000')));
    assert.is(await failing.then(() => '', String), 'Error: no\u0000');
    const before = await audit.list({ limit: 9 });
    assert.equal(
      before.map(({ outcome, result }) => [outcome, result]),
      [
        ['failed', { error: 'no\u0000' }],
        ['done', { redriven: 3 }],
      ],
    );
    for (const [who, summary] of [
      [narrow, /permission denied/],
      [pool, /the audit is not changed/],
    ] as const) {
      for (const table of ['audit_deeds', 'audit_outcomes']) {
        for (const sql of [
          `update monitoring.${table} set id = id`,
          `delete from monitoring.${table}`,
          `truncate monitoring.${table} cascade`,
        ]) {
          assert.match(await who.query(sql).then(() => 'done', String), summary, sql);
        }
      }
    }
    // A second outcome would be another story.
    const again = `insert into monitoring.audit_outcomes (id, outcome) select id, 'done' from monitoring.audit_deeds`;
    assert.match(await narrow.query(again).then(() => 'done', String), 'duplicate key');
    assert.equal(await audit.list({ limit: 9 }), before);
  } finally {
    await narrow.end();
    await pool.query(`revoke all on ${tables} from ${writer}`);
    await pool.query(`revoke usage on schema monitoring from ${writer}`);
    await pool.query(`drop role ${writer}`);
  }
});

test('a list of it stays small at any request', async ({ database, pool }) => {
  await migrateProducer(database.url);
  const audit = auditOf(pool, 'producer');
  const request = { schema: { doc: 'x'.repeat(1_000_000) } };
  for (let nr = 0; nr < 5; nr += 1) {
    await audit.record({ who: 'o', action: 'a', target: 't', request }, async () => ({}));
  }
  const items = await audit.list({ limit: 5 });
  assert.is(items.length, 5);
  assert.equal(items[0]?.request, { omitted: `${JSON.stringify(request).length} characters` });
  assert.equal(items[0]?.result, {});
  const { rows } = await pool.query('select length(request::text) from producer.audit_deeds');
  assert.ok(
    rows.every(({ length }) => length > 1_000_000),
    'all of it is kept',
  );
});

/** A database as a release before the one audit left it. */
async function asBefore(url: string, workspace: string, schema: string, first: string) {
  const folder = mkdtempSync(join(tmpdir(), 'shelfcast-audit-'));
  const migrations = new URL(`../../../${workspace}/src/migrations`, import.meta.url);
  cpSync(fileURLToPath(migrations), folder, { recursive: true });
  for (const name of readdirSync(folder)) if (name >= first) rmSync(join(folder, name));
  const directory = pathToFileURL(folder);
  await whileMigrating(url, (client) =>
    applyMigrations(client, { schema, directory, searchPath: [schema, 'public'] }),
  );
  rmSync(folder, { recursive: true });
}

test('what the monitor kept before is there, and numbers go on', async ({ database, pool }) => {
  await asBefore(database.url, 'monitor', 'monitoring', '0111_one_audit.sql');
  await pool.query(
    `insert into monitoring.audit (who, action, target, request, outcome, result, ended_at) values
       ('otto', 'redrive', 'catalogue', '{"all":true}', 'done', '{"redriven":1}', now()),
       ('otto', 'discard', 'pricing/7', '{"reason":"old"}', 'begun', null, null)`,
  );
  await migrateMonitoring(database.url);
  const audit = auditOf(pool, 'monitoring');
  await audit.record({ who: 'o', action: 'a', target: 't', request: {} }, async () => ({}));
  const items = await audit.list({ limit: 9 });
  assert.equal(
    items.map(({ id, target, outcome, result }) => [id, target, outcome, result]),
    [
      ['3', 't', 'done', {}],
      ['2', 'pricing/7', 'begun', null],
      ['1', 'catalogue', 'done', { redriven: 1 }],
    ],
  );
});

test('so is what the producer API kept', async ({ database, pool }) => {
  await asBefore(database.url, 'producer-api', 'producer', '0003_one_audit.sql');
  await pool.query(
    `insert into producer.audit (who, action, topic, request, outcome, error, ended_at) values
       ('otto', 'topic.create', 'notes', '{"name":"notes"}', 'done', null, now()),
       ('otto', 'topic.delete', 'notes', '{}', 'failed', 'it is read', now())`,
  );
  await migrateProducer(database.url);
  const items = await auditOf(pool, 'producer').list({ limit: 9 });
  assert.equal(
    items.map(({ target, outcome, result }) => [target, outcome, result]),
    [
      ['notes', 'failed', { error: 'it is read' }],
      ['notes', 'done', null],
    ],
  );
});

test.run();
