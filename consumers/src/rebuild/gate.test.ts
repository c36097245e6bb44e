import type { ConsumerOptions, Kafka, KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createGate } from './gate.ts';

const test = suite('gate');

test('a closed gate waits for what is in hand, and holds back what comes until it opens', async () => {
  const gate = createGate();
  const { onBatch, begun, endAll, groupId } = await consumerBehind(gate);
  assert.is(groupId, 'catalogue.rebuild.1');
  const first = onBatch(batch());
  await settled();
  assert.is(begun(), 1);

  let isClosed = false;
  const closing = gate.close().then(() => {
    isClosed = true;
  });
  const second = onBatch(batch());
  await settled();
  assert.equal([begun(), isClosed], [1, false]);

  endAll();
  await Promise.all([first, closing]);
  assert.is(begun(), 1);

  gate.open();
  await settled();
  assert.is(begun(), 2);
  endAll();
  await second;
});

test('a batch that is withdrawn before a closed gate is not handled', async () => {
  const gate = createGate();
  const { onBatch, begun } = await consumerBehind(gate);
  await gate.close();
  const withdrawn = new AbortController();
  const held = onBatch(batch(withdrawn.signal));
  withdrawn.abort(new Error('the partition was given away'));
  const outcome = await held.then(
    () => 'handled',
    (error: Error) => error.message,
  );
  assert.is(outcome, 'the partition was given away');
  assert.is(begun(), 0);
});

/** A consumer whose batches end when told to. */
async function consumerBehind(gate: ReturnType<typeof createGate>) {
  let given: ConsumerOptions | undefined;
  let begun = 0;
  let waiting: (() => void)[] = [];
  const unused = () => {
    throw new Error('not used');
  };
  const kafka: Kafka = {
    createProducer: unused,
    createAdmin: unused,
    createLogReader: unused,
    followTopic: unused,
    createConsumer: async (options) => {
      given = options;
      return {
        pause() {},
        resume() {},
        assignment: () => [],
        isReady: () => true,
        isJoined: () => true,
        missingTopics: () => [],
        lag: async () => [],
        stop: async () => {},
      };
    },
  };
  await gate.guard(kafka, 'catalogue.rebuild.1').createConsumer({
    groupId: 'catalogue@next',
    topics: ['t'],
    onFatal: unused,
    onBatch: () => {
      begun += 1;
      return new Promise((resolve) => waiting.push(resolve));
    },
  });
  if (given === undefined) throw new Error('no consumer was made');
  return {
    onBatch: given.onBatch,
    groupId: given.groupId,
    begun: () => begun,
    endAll() {
      for (const end of waiting) end();
      waiting = [];
    },
  };
}

function batch(signal = new AbortController().signal): KafkaBatch {
  return { topic: 't', partition: 0, highWatermark: 1n, records: [], signal };
}

/** Until nothing is left that goes on by itself. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test.run();
