// A change that cannot be applied waits, with what comes after it for its key; everything else goes on.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { redriveOutcome } from '@shelfcast/consumers/internals/runtime/parking/redrive-outcome';
import { listDeadLetters } from '@shelfcast/consumers/operations/dead-letters';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';

interface Context {
  harness: ProbeHarness;
  process: ChildProcess;
}

const test = suite<Context>('parking');

test.before.each(async (context) => {
  context.harness = await openProbeHarness();
  context.process = await context.harness.start();
});
test.after.each(async ({ harness }) => {
  await harness.close();
});

const KEYS = 1_000;
const KEYS_PER_TICK = 20;
const TICK_MS = 50;
/** What the other keys may lose by one that fails. */
const MAX_DELAY_MS = 1_000;

const keys = (count: number) => Array.from({ length: count }, (_, nr) => `K-${nr}`);
const versionsOf = async (harness: ProbeHarness, key: string) =>
  (await harness.effects(key)).map(({ version }) => version);

async function untilParked(harness: ProbeHarness, count: number): Promise<void> {
  await eventually(async () => assert.is((await harness.parkedKeys()).length, count), {
    timeoutMs: 20_000,
    intervalMs: 100,
    what: `${count} parked keys`,
  });
}

/** Gives each of a thousand keys a version, some every moment; the longest from sent to durable, in milliseconds. */
async function lateness(harness: ProbeHarness, version: number, except: readonly string[]) {
  const sentAtMs = new Map<string, number>();
  const all = keys(KEYS);
  for (let from = 0; from < all.length; from += KEYS_PER_TICK) {
    const some = all.slice(from, from + KEYS_PER_TICK);
    for (const key of some) sentAtMs.set(key, Date.now());
    await harness.write(some.map((key) => ({ key, version })));
    await delay(TICK_MS);
  }
  const expected = all.filter((key) => !except.includes(key));
  await harness.reached(expected.map((key) => ({ key, version })));
  const effects = (await harness.effects()).filter((effect) => effect.version === version);
  return Math.round(Math.max(...effects.map(({ key, atMs }) => atMs - (sentAtMs.get(key) ?? 0))));
}

test('one poison key among 1,000: the others are on time, and redriven it has the state it would have had', async ({
  harness,
}) => {
  await lateness(harness, 1, []); // warm
  const withoutMs = await lateness(harness, 2, []);
  await harness.fault('K-7', 'fails');
  // Of two rounds the better: what the poison key did to the others, it would do each time.
  const withMs = Math.min(await lateness(harness, 3, ['K-7']), await lateness(harness, 4, ['K-7']));
  console.log(
    `# from sent to durable, the longest of ${KEYS} keys: ${withoutMs} ms; beside a poison one: ${withMs} ms`,
  );
  assert.ok(withMs - withoutMs <= MAX_DELAY_MS, `${withMs - withoutMs} ms later`);
  assert.equal(await versionsOf(harness, 'K-7'), [1, 2]);
  assert.equal(
    (await harness.parkedKeys()).map(({ key, waiting }) => ({ key, waiting })),
    [{ key: 'K-7', waiting: 2 }],
  );
  const dry = await harness.command('redrive', { key: 'K-7', dryRun: true });
  assert.equal([dry.matched, dry.done], [1, 1]);

  await harness.remedy('K-7');
  await harness.command('redrive', { key: 'K-7' });
  await harness.reached([{ key: 'K-7', version: 4 }]);
  await untilParked(harness, 0);
  await harness.write([{ key: 'K-7', version: 5 }]);
  await harness.reached([{ key: 'K-7', version: 5 }]);
  assert.equal(await versionsOf(harness, 'K-7'), [1, 2, 3, 4, 5], 'once each, in order');

  const stages = (await harness.reports())
    .filter(({ key }) => key === 'K-7')
    .map(({ stage }) => stage);
  const count = (stage: string) => stages.filter((one) => one === stage).length;
  assert.is(count('parked'), 2, 'each change that waited is reported as parked');
  assert.is(count('processed'), 5, 'and as processed in the end');
});

test('a fault that passes needs no hand: parked changes are tried again, also by another process', async ({
  harness,
  process,
}) => {
  await harness.fault('K-1', 'fails');
  await harness.write(keys(3).map((key) => ({ key, version: 1 })));
  await untilParked(harness, 1);
  process.kill('SIGKILL');
  await harness.write([{ key: 'K-1', version: 2 }]);
  await harness.remedy('K-1');
  await harness.start();
  await harness.reached([{ key: 'K-1', version: 2 }]);
  assert.equal(await versionsOf(harness, 'K-1'), [1, 2]);
  await untilParked(harness, 0);
});

test('most keys failing pauses the consumer instead of parking them, and it goes on by itself', async ({
  harness,
}) => {
  const first = keys(200).map((key) => ({ key, version: 1 }));
  await harness.write(first);
  await harness.reached(first);
  await harness.fault('*', 'fails');
  const edits = keys(200).map((key) => ({ key, version: 2 }));
  await harness.write(edits);
  await eventually(
    async () => {
      const lag = await harness.unreadyReason();
      assert.match(lag, /most changes fail/);
    },
    { timeoutMs: 20_000, intervalMs: 200, what: 'the pause is said' },
  );
  assert.ok((await harness.parkedKeys()).length <= 50, 'few were parked before that');
  await harness.remedy('*');
  await harness.reached(edits, 60_000);
  await untilParked(harness, 0);
  for (const { key } of edits) assert.equal(await versionsOf(harness, key), [1, 2], key);
});

test('what fails to the end goes to the dead letters, waits there, and can be edited or discarded', async ({
  harness,
}) => {
  await harness.fault('K-1', 'fails');
  await harness.fault('K-2', 'fails');
  await harness.write([
    { key: 'K-1', version: 1 },
    { key: 'K-2', version: 1 },
    { key: 'K-1', version: 2 },
  ]);
  await eventually(
    async () => {
      const states = (await harness.parkedKeys()).map(({ state }) => state);
      assert.equal(states, ['dead', 'dead']);
    },
    { timeoutMs: 90_000, intervalMs: 500, what: 'both are given up' },
  );
  await eventually(async () => assert.is((await harness.deadLetters()).length, 2), {
    timeoutMs: 20_000,
    intervalMs: 500,
    what: 'copies in the dead-letter topic',
  });
  const [letter] = await harness.deadLetters();
  const header = (name: string) => letter?.headers[`__connect.errors.${name}`]?.[0]?.toString();
  assert.is(header('topic'), harness.topic);
  assert.is(header('exception.class.name'), 'TypeError');
  assert.match(header('exception.message') ?? '', /cannot be applied/);

  const ofKey = await harness.command('redrive', { key: 'K-1', edit: { product_id: 'K-9' } });
  assert.match(ofKey.error ?? '', /product_id is the row's key/);
  const ofNothing = await harness.command('redrive', { key: 'K-1', edit: { nmae: 'x' } });
  assert.match(ofNothing.error ?? '', /no column nmae; it has product_id/);
  const asked = await listDeadLetters(harness.pool, { consumer: harness.name, limit: 10 });
  const edited = await harness.command('redrive', { key: 'K-1', edit: { name: 'edited' } });
  assert.is(edited.done, 1);
  await harness.command('redrive', { key: 'K-2' });
  const { gone, failed } = await redriveOutcome(harness.pool, asked, 60_000);
  assert.equal([gone, failed.map(({ key }) => key)], [1, ['K-2']], 'what came of it is told');
  await harness.reached([{ key: 'K-1', version: 1 }]);
  const [effect] = await harness.effects('K-1');
  assert.is(effect?.note, 'edited');
  const [next] = await harness.parkedKeys();
  assert.equal([next?.key, next?.waiting], ['K-1', 1], 'the change behind it fails by itself');

  const noReason = await harness.command('discard', { key: 'K-2' });
  assert.match(noReason.error ?? '', /reason/);
  await harness.command('discard', { key: 'K-2', reason: 'a test' });
  await eventually(
    async () =>
      assert.equal(
        (await harness.parkedKeys()).map(({ key }) => key),
        ['K-1'],
      ),
    { timeoutMs: 10_000, intervalMs: 100, what: 'K-2 is let go' },
  );
  const stages = new Set(
    (await harness.reports()).filter(({ key }) => key === 'K-2').map(({ stage }) => stage),
  );
  for (const stage of ['failed', 'parked', 'deadLettered', 'discarded'] as const) {
    assert.ok(stages.has(stage), stage);
  }
});

test('bytes that cannot be read hold up their key alone', async ({ harness }) => {
  await harness.write([{ key: 'K-1', version: 1 }]);
  await harness.writeRaw('K-1', Buffer.from('{"not": "avro"}'));
  await harness.writeRaw('K-2', Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]));
  await harness.write(keys(5).map((key) => ({ key, version: 2 })));
  await harness.reached([
    { key: 'K-0', version: 2 },
    { key: 'K-3', version: 2 },
    { key: 'K-4', version: 2 },
  ]);
  await untilParked(harness, 2);
  assert.equal(await versionsOf(harness, 'K-1'), [1]);
  await harness.command('discard', { all: true, reason: 'no Avro' });
  await harness.reached([
    { key: 'K-1', version: 2 },
    { key: 'K-2', version: 2 },
  ]);
});

test('an attempt that never ends is given up, and the others go on', async ({ harness }) => {
  await harness.fault('K-1', 'hangs');
  await harness.write(keys(20).map((key) => ({ key, version: 1 })));
  await harness.reached(
    keys(20)
      .filter((key) => key !== 'K-1')
      .map((key) => ({ key, version: 1 })),
  );
  await untilParked(harness, 1);
  await harness.remedy('K-1');
  await harness.reached([{ key: 'K-1', version: 1 }]);
});

test('killed amidst an attempt: the key is tried again within seconds', async ({
  harness,
  process,
}) => {
  await harness.fault('K-1', 'hangs');
  await harness.write([{ key: 'K-1', version: 1 }]);
  await untilParked(harness, 1);
  await eventually(
    async () => {
      const { rows } = await harness.pool.query('select unfinished from runtime.parked_keys');
      assert.is(rows[0]?.unfinished, 1);
    },
    { timeoutMs: 30_000, intervalMs: 20, what: 'an attempt is under way' },
  );
  process.kill('SIGKILL');
  const sinceMs = performance.now();
  await harness.remedy('K-1');
  await harness.start();
  await harness.reached([{ key: 'K-1', version: 1 }]);
  const seconds = (performance.now() - sinceMs) / 1_000;
  console.log(`# tried again ${seconds.toFixed(1)} s after its process was killed`);
  assert.equal(await versionsOf(harness, 'K-1'), [1]);
});

test('a change that blocks the event loop kills some processes, is set aside, and nothing is lost', async ({
  harness,
  process,
}) => {
  await harness.fault('K-1', 'blocks');
  const { deaths, leave } = restartWhenKilled(harness, process);
  const edits = keys(20).map((key) => ({ key, version: 1 }));
  await harness.write(edits);
  const others = edits.filter(({ key }) => key !== 'K-1');
  try {
    await harness.reached(others, 180_000);
    await eventually(
      async () => {
        const [parked] = await harness.parkedKeys();
        assert.equal([parked?.key, parked?.state], ['K-1', 'dead']);
      },
      { timeoutMs: 60_000, intervalMs: 250, what: 'the change is left to people' },
    );
  } finally {
    leave();
  }
  console.log(`# ${deaths()} processes died of a change that blocks them`);
  for (const { key } of others) assert.equal(await versionsOf(harness, key), [1], key);
  const later = keys(20).map((key) => ({ key, version: 2 }));
  await harness.write(later);
  await harness.reached(later.filter(({ key }) => key !== 'K-1'));

  await harness.remedy('K-1');
  await harness.command('redrive', { key: 'K-1' });
  await harness.reached(later);
  assert.equal(await versionsOf(harness, 'K-1'), [1, 2]);
});

test('two such changes behind others of their partition are set aside as well', async ({
  harness,
  process,
}) => {
  await harness.fault('K-1', 'blocks');
  await harness.fault('K-3', 'blocks');
  const { leave } = restartWhenKilled(harness, process);
  const edits = keys(5).map((key) => ({ key, version: 1, partition: 0 }));
  await harness.write(edits);
  const others = edits.filter(({ key }) => key !== 'K-1' && key !== 'K-3');
  try {
    await harness.reached(others, 180_000);
  } finally {
    leave();
  }
  await eventually(
    async () =>
      assert.equal(
        (await harness.parkedKeys()).map(({ key, state }) => `${key} ${state}`),
        ['K-1 dead', 'K-3 dead'],
      ),
    { timeoutMs: 20_000, intervalMs: 250, what: 'both are left to people' },
  );
  for (const { key } of others) assert.equal(await versionsOf(harness, key), [1], key);
});

/** What a supervisor does, until it is left. */
function restartWhenKilled(harness: ProbeHarness, first: ChildProcess) {
  let deaths = 0;
  let left = false;
  const watch = (child: ChildProcess): void => {
    child.once('exit', () => {
      if (left) return;
      deaths += 1;
      watch(harness.spawn());
    });
  };
  watch(first);
  return {
    deaths: () => deaths,
    leave() {
      left = true;
    },
  };
}

test('a paused consumer rests in all its processes, and goes on where it was', async ({
  harness,
}) => {
  await harness.write([{ key: 'K-1', version: 1 }]);
  await harness.reached([{ key: 'K-1', version: 1 }]);
  await harness.command('pause', { reason: 'a test' });
  await harness.untilPaused();
  await harness.write([{ key: 'K-1', version: 2 }]);
  await harness.command('redrive', { all: true, dryRun: true }); // a round trip, while nothing may happen
  assert.equal(await versionsOf(harness, 'K-1'), [1]);
  await harness.command('resume', {});
  await harness.reached([{ key: 'K-1', version: 2 }]);
});

test.run();
