// A table is read while it changes all the time: every key of the source is in its topic, and no other. SOAK=1: a million rows.
import { checkTable } from '@shelfcast/connect-config/internals/snapshot/check-table';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { watchMemory } from '../support/process-memory.ts';
import { runCommand } from '../support/run-command.ts';
import { startTableLoad } from '../support/table-load.ts';
import { keysShown } from '../support/topic-reader.ts';

const ROWS = process.env.SOAK === '1' ? 1_000_000 : 6_000;
const CHANGES_PER_SECOND = 200;
/** Buckets of 64 MiB for each side, and what is read and decoded at a time; 348 MiB were seen with 200,000 rows. */
const MAX_CHECK_MIB = 512;

const test = suite('snapshot under load');
const harness = openConnectorHarness();
const tables = openOwnTables(harness);
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
const { products, admin } = harness.context;

test.after(async () => {
  await tables.remove();
  codec.close();
  await harness.close();
});

test('every key of a table that changes all the while', async () => {
  const table = await tables.make('busy');
  const topic = cdcTopic({ schema: 'public', table });
  await products.query(
    `insert into ${table} select i, 'row ' || i from generate_series(1, $1::int) as i`,
    [ROWS],
  );
  const load = startTableLoad({
    url: fromEnvironment('PRODUCTS_DATABASE_URL'),
    ...{ table, rows: ROWS, changesPerSecond: CHANGES_PER_SECOND },
  });
  await eventually(() => load.committed() > CHANGES_PER_SECOND, {
    what: 'the load',
    timeoutMs: 60_000,
  });

  const startedMs = performance.now();
  const { status, output } = await runCommand('make connector-add-table', { TABLE: table });
  assert.is(status, 0, output);
  assert.match(output, /\d+ rows, \d+ keys checked/);
  const readSeconds = (performance.now() - startedMs) / 1_000;

  const from = new Map([...(await admin.highWatermarks(topic)).keys()].map((nr) => [nr, 0n]));
  const memory = watchMemory(process.pid);
  const checkStartedMs = performance.now();
  const { keys, suspects } = await checkTable(harness.context, {
    table: { schema: 'public', table },
    from,
  });
  const checkSeconds = (performance.now() - checkStartedMs) / 1_000;
  const checkMib = memory.stop() - memory.before;

  await load.stop();
  const perSecond = load.committed() / ((performance.now() - startedMs) / 1_000);
  console.log(
    `# ${ROWS} rows under ${perSecond.toFixed(0)} changes/s: read and checked in ${readSeconds.toFixed(1)} s; a check of ${keys} keys takes ${checkSeconds.toFixed(1)} s and ${checkMib} MiB, ${suspects} keys are looked at twice`,
  );
  assert.ok(checkMib <= MAX_CHECK_MIB, `${checkMib} MiB`);

  const { rows } = await products.query<{ id: number }>(`select id from ${table}`);
  const wanted = new Set(rows.map(({ id }) => String(id)));
  await eventually(
    async () => {
      const shown = await keysShown(harness.kafka, codec, topic);
      const missing = [...wanted].filter((key) => !shown.has(key));
      const extra = [...shown].filter((key) => !wanted.has(key));
      assert.equal([missing.slice(0, 10), extra.slice(0, 10)], [[], []]);
    },
    { what: 'the keys of the source, and no other', timeoutMs: 600_000, intervalMs: 5_000 },
  );
});

test.run();
