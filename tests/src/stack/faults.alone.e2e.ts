// Kills each component in turn under load; nothing may be lost, without manual help. SOAK=1: for an hour.
import { randomUUID } from 'node:crypto';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import type { Stack } from '@shelfcast/local/stack';
import type { Codec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EffectLog, logEffects } from '../support/effect-log.ts';
import { type Load, startLoad } from '../support/load.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { recoveryTime } from '../support/recovery.ts';
import { sharedStack } from '../support/test-stack.ts';
import { assertNothingLost } from '../support/verify.ts';

const CHANGES_PER_SECOND = 200;
const ROUNDS = process.env.SOAK === '1' ? 60 : 1;
/** Between two kills: the load has to be in full swing again. */
const CHANGES_BETWEEN_KILLS = 3 * CHANGES_PER_SECOND;

const COMPONENTS = ['postgres', 'kafka', 'connect', 'registry', 'consumers'];

interface Context extends Pipeline {
  stack: Stack;
  kafka: Kafka;
  codec: Codec;
  effects: EffectLog;
  load: Load;
  prefix: string;
}

const test = suite<Context>('faults');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.stack = await sharedStack();
  context.kafka = kafkaAt(context.stack.urls.kafka);
  context.codec = codecAt(context.stack.urls.registry);
  context.effects = await logEffects(context.consumers);
  context.prefix = `F-${randomUUID().slice(0, 8)}`;
  context.load = startLoad({
    url: context.stack.urls.postgres('products'),
    changesPerSecond: CHANGES_PER_SECOND,
    prefix: context.prefix,
  });
  await moreChanges(context.load);
});

test.after(async (context) => {
  await context.load.stop();
  await context.effects.remove();
  context.codec.close();
  await context.close();
});

for (let round = 1; round <= ROUNDS; round += 1) {
  for (const component of ['postgres', 'kafka', 'connect', 'consumers']) {
    test(`round ${round}: ${component} is killed and the flow goes on by itself`, async (context) => {
      context.stack.kill(component);
      const backMs = await recoveryTime(context, context.prefix);
      console.log(`# ${component} killed: a new change is through after ${backMs} ms`);
      await moreChanges(context.load);
    });
  }

  test(`round ${round}: the registry is killed while a schema changes`, async (context) => {
    const column = `note_${round}`;
    context.stack.kill('registry');
    try {
      await context.products.query(`alter table products add column ${column} text`);
      const backMs = await recoveryTime(context, context.prefix);
      console.log(`# registry killed, schema changed: a new change is through after ${backMs} ms`);
    } finally {
      await context.products.query(`alter table products drop column ${column}`);
    }
    await moreChanges(context.load);
  });
}

test('all of them are killed at once and the flow goes on by itself', async (context) => {
  for (const component of COMPONENTS) context.stack.kill(component);
  const backMs = await recoveryTime(context, context.prefix);
  console.log(`# everything killed at once: a new change is through after ${backMs} ms`);
  await moreChanges(context.load);
});

test('source and read model are equal, every change is reported, no effect came late or twice', async (context) => {
  await context.load.stop();
  console.log(`# ${context.load.committed()} changes under load`);
  const found = await assertNothingLost({ ...context, pipeline: context });
  console.log(`# ${found}`);
});

test('every component runs, the connector and its task included', async ({ stack }) => {
  for (const component of COMPONENTS) {
    await stack.waitHealthy(component);
    assert.ok(stack.restarts(component) > ROUNDS, `${component} was brought back`);
  }
  const status = await createConnectClient({ url: stack.urls.connect }).status('products');
  assert.is(status?.connector.state, 'RUNNING');
  assert.equal(
    status?.tasks.map(({ state }) => state),
    ['RUNNING'],
  );
});

function moreChanges(load: Load): Promise<unknown> {
  const goal = load.committed() + CHANGES_BETWEEN_KILLS;
  return eventually(() => load.committed() >= goal, { timeoutMs: 60_000, what: 'more changes' });
}

test.run();
