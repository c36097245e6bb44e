// Random histories of a table, delivered in random batches and more than once: its mirror has the table's rows.

import { capturedEntities } from '@shelfcast/consumers/contract/captured-entity';
import { sweepArguments } from '@shelfcast/consumers/internals/runtime/sweep/arguments';
import { createSweep } from '@shelfcast/consumers/internals/runtime/sweep/sweep';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';
import { createHistory, deliveries, deliveriesOf, steps } from '../support/heart/history.ts';
import { mirror } from '../support/heart/mirror.ts';

interface Context {
  harness: Harness;
}

const RUNS = process.env.SOAK === undefined ? 50 : 5_000;

const test = suite<Context>('heart: model');

test.before(async (context) => {
  context.harness = await openConsumerHarness(mirror);
});
test.after(async ({ harness }) => {
  await harness.close();
});

async function beginAnew(harness: Harness): Promise<void> {
  await harness.pool.query('truncate heart.rows');
  await harness.forget();
}

async function rowsOf(harness: Harness): Promise<Map<string, number>> {
  const { rows } = await harness.pool.query<{ key: string; value: number }>(
    'select key, value from heart.rows',
  );
  return new Map(rows.map(({ key, value }) => [key, value]));
}

function assertSame(actual: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>) {
  assert.equal(Object.fromEntries([...actual].sort()), Object.fromEntries([...expected].sort()));
}

test('rows are those of applying all changes once, in commit order', async ({ harness }) => {
  await fc.assert(
    fc.asyncProperty(steps(40), deliveries, async (taken, plan) => {
      await beginAnew(harness);
      const history = createHistory();
      const changes = taken.flatMap((step) => history.take(step));
      for (const batch of deliveriesOf(changes, plan)) await harness.deliver(batch);
      assertSame(await rowsOf(harness), history.rows);
    }),
    { numRuns: RUNS },
  );
});

test('changes that a lost slot took away: read again and swept, the rows are the table’s', async ({
  harness,
}) => {
  const [entity] = capturedEntities(mirror, DEFAULT_TOPIC_PREFIX);
  assert.ok(entity);
  const sweepAll = async (epoch: bigint) => {
    const { rows } = await harness.pool.query<{ id: bigint }>(
      `insert into runtime.commands (consumer, kind, arguments, requested_by)
       values ('heart', 'sweep', '{}', 'test') returning id`,
    );
    const sweep = createSweep(
      {
        definition: mirror,
        entities: [entity],
        pool: harness.pool,
        admin: { groupOffsets: async () => [], watermarks: async () => new Map() },
        codec: harness.codec,
        reporter: { service: 'heart', instance: 'test' },
        encodeReport: () => Buffer.alloc(0),
        attemptTimeoutMs: 10_000,
        nowMs: Date.now,
        log: silentLogger(),
      },
      rows[0]?.id ?? 0n,
      sweepArguments.parse({
        epoch: String(epoch),
        entities: [entity.entity],
        watermarks: [],
      }),
    );
    const isDone = async () => {
      const { rows: commands } = await harness.pool.query<{ state: string }>(
        'select state from runtime.commands where id = $1',
        [rows[0]?.id],
      );
      return commands[0]?.state === 'done';
    };
    while (!(await isDone())) await sweep.step();
  };
  await fc.assert(
    fc.asyncProperty(
      ...[steps(25), deliveries, fc.infiniteStream(fc.boolean()), steps(15), deliveries],
      fc.boolean(),
      async (before, firstPlan, isLost, after, secondPlan, isEarly) => {
        await beginAnew(harness);
        const history = createHistory();
        const written = before.flatMap((step) => history.take(step));
        const arrived = written.filter(() => isLost.next().value !== true);
        for (const batch of deliveriesOf(arrived, firstPlan)) await harness.deliver(batch);
        const read = history.readAll();
        const later = after.flatMap((step) => history.take(step));
        // The sweep comes when all that was read is handled, before or after what follows.
        const phases = isEarly ? [read, later] : [[...read, ...later], []];
        for (const [nr, changes] of phases.entries()) {
          for (const batch of deliveriesOf(changes, secondPlan)) await harness.deliver(batch);
          if (nr === 0) await sweepAll(2n);
        }
        await sweepAll(2n);
        assertSame(await rowsOf(harness), history.rows);
      },
    ),
    { numRuns: RUNS },
  );
});

test.run();
