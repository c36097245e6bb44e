// Three processes share a consumer's partitions and are killed one after the other, and the database as well: every
// change has its effect once, in order, and its report. SOAK=1: 100,000 changes, 20 kills, two of the database.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '@shelfcast/local/stack';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';
import { sharedStack } from '../support/test-stack.ts';

const LONG = process.env.SOAK === '1';
const CHANGES = LONG ? 100_000 : 9_000;
const KEYS = LONG ? 2_000 : 300;
const PROCESS_KILLS = LONG ? 20 : 3;
const DATABASE_KILLS = LONG ? 2 : 1;
const CHANGES_PER_SECOND = 320;
const PROCESSES = 3;
/** From a kill of a process until its partitions are handled by others. */
const MAX_TAKEOVER_MS = 8_000;
const TICK_MS = 50;

interface Context {
  harness: ProbeHarness;
  stack: Stack;
  processes: ChildProcess[];
}

const test = suite<Context>('under fire');

test.before(async (context) => {
  context.stack = await sharedStack();
  context.harness = await openProbeHarness();
  context.processes = [];
  for (let nr = 0; nr < PROCESSES; nr += 1) context.processes.push(await context.harness.start());
});
test.after(async ({ harness }) => {
  await harness?.close();
});

const keyOf = (nr: number) => `K-${nr % KEYS}`;
const versionOf = (nr: number) => Math.floor(nr / KEYS) + 1;

interface Load {
  sent(): number;
  /** When a change was acknowledged by Kafka, Unix milliseconds, by its number. */
  readonly sentAtMs: readonly number[];
  readonly done: Promise<void>;
}

/** Writes the changes at a steady pace, keys by turns. */
function startLoad(harness: ProbeHarness): Load {
  const sentAtMs: number[] = [];
  const startedAtMs = Date.now();
  async function run(): Promise<void> {
    while (sentAtMs.length < CHANGES) {
      const due = Math.floor(((Date.now() - startedAtMs) / 1000) * CHANGES_PER_SECOND);
      const numbers = [];
      for (let nr = sentAtMs.length; nr < Math.min(due, CHANGES); nr += 1) numbers.push(nr);
      await harness.write(numbers.map((nr) => ({ key: keyOf(nr), version: versionOf(nr) })));
      const now = Date.now();
      for (const nr of numbers) sentAtMs[nr] = now;
      await delay(TICK_MS);
    }
  }
  return { sent: () => sentAtMs.length, sentAtMs, done: run() };
}

test('kills of processes and of the database: nothing missing, nothing twice, nothing out of order', async (context) => {
  const { harness, stack } = context;
  const load = startLoad(harness);
  const kills = PROCESS_KILLS + DATABASE_KILLS;
  const databaseDownAtMs: number[] = [];
  const takeovers: number[] = [];
  for (let kill = 1; kill <= kills; kill += 1) {
    await eventually(() => load.sent() >= (CHANGES * kill) / (kills + 1), {
      timeoutMs: 600_000,
      intervalMs: 50,
      what: `the load has come to kill ${kill}`,
    });
    if (
      kill % Math.ceil(kills / (DATABASE_KILLS + 1)) === 0 &&
      databaseDownAtMs.length < DATABASE_KILLS
    ) {
      databaseDownAtMs.push(Date.now());
      stack.kill('postgres');
      await stack.waitHealthy('postgres');
      continue;
    }
    takeovers.push(await killOne(context, load, kill % PROCESSES));
  }
  await load.done;
  const last = Array.from({ length: KEYS }, (_, nr) => ({
    key: keyOf(nr),
    version: versionOf(CHANGES - 1 - ((CHANGES - 1 - nr) % KEYS)),
  }));
  await harness.reached(last, 120_000);

  const effects = await harness.effects();
  const versions = new Map<string, number[]>();
  for (const { key, version } of effects) {
    versions.set(key, [...(versions.get(key) ?? []), version]);
  }
  assert.is(effects.length, CHANGES, 'one effect for each change');
  for (const { key, version } of last) {
    const expected = Array.from({ length: version }, (_, nr) => nr + 1);
    assert.equal(versions.get(key), expected, `${key}: each version once, in order`);
  }
  const longestMs = Math.max(...takeovers);
  console.log(
    `# ${CHANGES} changes of ${KEYS} keys at ${CHANGES_PER_SECOND}/s, ${takeovers.length} processes and ${databaseDownAtMs.length} times the database killed; takeover at most ${longestMs} ms`,
  );
  assert.ok(longestMs <= MAX_TAKEOVER_MS, `takeover in ${longestMs} ms`);
});

test('every change is reported', async ({ harness }) => {
  await eventually(
    async () => {
      const reports = await harness.reports();
      const processed = new Set(
        reports.filter(({ stage }) => stage === 'processed').map(({ id }) => id),
      );
      console.log(`# ${reports.length} reports, ${processed.size} different ones of effects`);
      assert.is(processed.size, CHANGES);
    },
    { timeoutMs: 60_000, intervalMs: 2_000, what: 'all reports' },
  );
});

/**
 * Kills a process and starts another in its place.
 * @returns until a change sent after the kill has had its effect in every partition, in milliseconds
 */
async function killOne(
  { harness, processes }: Context,
  load: Load,
  index: number,
): Promise<number> {
  const killedAtMs = Date.now();
  processes[index]?.kill('SIGKILL');
  // Enough for each partition to have some of them.
  const after = load.sent() + KEYS;
  await eventually(() => load.sent() > Math.min(after, CHANGES - 1), {
    timeoutMs: 60_000,
    intervalMs: 20,
    what: 'changes after the kill',
  });
  const numbers = Array.from({ length: KEYS }, (_, nr) => after - KEYS + nr).filter(
    (nr) => nr < CHANGES,
  );
  await harness.reached(
    numbers.map((nr) => ({ key: keyOf(nr), version: versionOf(nr) })),
    60_000,
  );
  const wanted = new Set(numbers.map((nr) => `${keyOf(nr)}@${versionOf(nr)}`));
  const firstSentMs = Math.min(...numbers.map((nr) => load.sentAtMs[nr] ?? killedAtMs));
  const effects = (await harness.effects()).filter(({ key, version }) =>
    wanted.has(`${key}@${version}`),
  );
  const longest = Math.max(
    ...effects.map(({ key, version, atMs }) => {
      const nr = (version - 1) * KEYS + Number(key.slice(2));
      return atMs - (load.sentAtMs[nr] ?? firstSentMs);
    }),
  );
  processes[index] = await harness.start();
  return Math.round(longest);
}

test.run();
