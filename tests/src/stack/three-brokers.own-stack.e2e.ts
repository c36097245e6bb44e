// With three brokers, three copies and two that must have a write, two brokers do the work of all.
import { readFileSync } from 'node:fs';
import { LocalError } from '@shelfcast/local/errors';
import { type Stack, startStack } from '@shelfcast/local/stack';
import type { Codec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EffectLog, logEffects } from '../support/effect-log.ts';
import { withKafkajsAdmin } from '../support/kafkajs-admin.ts';
import { type Load, startLoad } from '../support/load.ts';
import { clearOwnStack } from '../support/own-stack.ts';
import { openPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { assertNothingLost } from '../support/verify.ts';

const CHANGES_PER_SECOND = 100;
const PREFIX = 'B';

const THREE_BROKERS = {
  brokers: 3,
  services: ['postgres', 'kafka', 'registry', 'connect', 'consumers'],
};

interface Context extends Pipeline {
  stack: Stack;
  kafka: Kafka;
  codec: Codec;
  effects: EffectLog;
  load: Load;
}

const test = suite<Context>('three brokers');

test.before(async (context) => {
  const stack = await startStack({ ...(await clearOwnStack()), ...THREE_BROKERS });
  const { urls } = stack;
  Object.assign(context, openPipeline(urls.postgres('products'), urls.postgres('consumers')));
  context.stack = stack;
  context.kafka = kafkaAt(urls.kafka);
  context.codec = codecAt(urls.registry);
  context.effects = await logEffects(context.consumers);
  context.load = startLoad({
    url: urls.postgres('products'),
    changesPerSecond: CHANGES_PER_SECOND,
    prefix: PREFIX,
  });
  await moreEffects(context);
});

test.after(async (context) => {
  await context.load?.stop();
  context.codec?.close();
  await context.close?.();
  await context.stack?.stop();
});

for (const broker of ['kafka', 'kafka-2', 'kafka-3']) {
  test(`while ${broker} is away, changes go on having their effects`, async (context) => {
    const killedAtMs = Date.now();
    const letBack = keepAway(context.stack, broker);
    try {
      await moreEffects(context);
    } finally {
      letBack();
    }
    const gapMs = await longestGap(context, killedAtMs);
    await inSync(context);
    await moreEffects(context);
    console.log(`# ${broker} killed: longest time from a commit to its effect ${gapMs} ms`);
  });
}

test('nothing else had to be brought back', ({ stack }) => {
  const broughtBack = ['postgres', 'registry', 'connect', 'consumers'].filter(
    (component) => stack.restarts(component) > 0,
  );
  assert.equal(broughtBack, [], broughtBack.map((name) => lastLog(stack, name)).join('\n'));
});

test('source and read model are equal, every change is reported, no effect came late or twice', async (context) => {
  await context.load.stop();
  const found = await assertNothingLost({ ...context, pipeline: context, prefix: PREFIX });
  console.log(`# ${context.load.committed()} changes under load; ${found}`);
});

/** What a component's log has to say of its end: what is fatal, or else its last lines. */
function lastLog(stack: Stack, component: string): string {
  const lines = readFileSync(stack.logFile(component), 'utf8').trim().split('\n');
  const fatal = lines.filter((line) => line.includes('"level":"fatal"'));
  return `${component} was brought back:\n${(fatal.length > 0 ? fatal : lines.slice(-20)).join('\n')}`;
}

/** Kills a broker, and again each time it is brought back, until it is let back. */
function keepAway(stack: Stack, broker: string): () => void {
  stack.kill(broker);
  const timer = setInterval(() => {
    try {
      if (stack.pid(broker) !== undefined) stack.kill(broker);
    } catch (error) {
      // Dead already, which its supervisor has not noticed yet.
      if (!(error instanceof LocalError && error.code === 'NOT_RUNNING')) throw error;
    }
  }, 100);
  return () => clearInterval(timer);
}

/** Waits until changes that are committed from now on have their effects. */
async function moreEffects({ load, effects }: Context): Promise<void> {
  const goal = load.lastVersion() + 3 * CHANGES_PER_SECOND;
  await eventually(
    async () => {
      const logged = await effects.read(PREFIX);
      return logged.some(({ version }) => version >= goal);
    },
    { timeoutMs: 90_000, intervalMs: 250, what: 'effects of later changes' },
  );
}

/** Waits until every partition, Kafka's own included, has all its replicas in sync. */
async function inSync({ stack }: Context): Promise<void> {
  await eventually(
    () =>
      withKafkajsAdmin(stack.urls.kafka, async (admin) => {
        const { topics } = await admin.fetchTopicMetadata();
        const behind = topics.filter(({ partitions }) =>
          partitions.some(({ replicas, isr }) => isr.length < replicas.length),
        );
        assert.equal(
          behind.map(({ name }) => name),
          [],
        );
      }),
    { timeoutMs: 90_000, intervalMs: 250, what: 'all replicas are in sync' },
  );
}

/** Milliseconds from commit to effect, the longest since a moment; of changes that were merged, the last counts. */
async function longestGap({ load, effects }: Context, sinceMs: number): Promise<number> {
  const gaps = (await effects.read(PREFIX)).flatMap(({ op, version, atMs }) => {
    const committedAtMs = load.committedAtMs.get(version);
    if (op === 'DELETE' || committedAtMs === undefined || committedAtMs < sinceMs) return [];
    return [atMs - committedAtMs];
  });
  return Math.round(Math.max(...gaps));
}

test.run();
