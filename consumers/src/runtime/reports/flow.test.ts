import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createReportFlow } from './flow.ts';

const place = { topic: 'pis.public.products', partition: 0 };
const other = { ...place, partition: 1 };

/** A publisher whose answers the test gives, in order. */
function flowWithAnswers() {
  const asked: { acknowledge: () => void; refuse: (error: Error) => void }[] = [];
  let givenUp = false;
  const flow = createReportFlow({
    publisher: {
      report: () =>
        new Promise((acknowledge, refuse) => {
          asked.push({ acknowledge, refuse });
        }),
      flush() {},
    },
    backoff: async () => {
      if (givenUp) throw new Error('given up');
    },
    onFailure: () => {},
  });
  return {
    flow,
    asked,
    giveUp: () => {
      givenUp = true;
    },
  };
}

const events: readonly MonitoringEvent[] = [];

async function isSettled(work: Promise<unknown>): Promise<boolean> {
  let settled = false;
  work.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

test('a commit waits for the reports of all that was sent before', async () => {
  const { flow, asked } = flowWithAnswers();
  flow.open(place, 0n).send(events);
  flow.open(other, 0n).send(events);
  flow.open(place, 1n); // takes effect: nothing of it is handled yet
  asked[0]?.acknowledge();
  assert.not.ok(await isSettled(flow.acknowledged()));
  asked[1]?.acknowledge();
  await flow.acknowledged();
});

test('a partition is open from its oldest batch on whose reports are not acknowledged', async () => {
  const { flow, asked } = flowWithAnswers();
  assert.is(flow.openFrom(place), undefined);
  flow.open(place, 5n).send(events);
  flow.open(place, 8n).send(events);
  flow.open(other, 1n);
  assert.is(flow.openFrom(place), 5n);
  asked[0]?.acknowledge();
  assert.ok(await isSettled(flow.waitForCapacity(place)));
  assert.is(flow.openFrom(place), 8n);
  flow.open(place, 9n).drop();
  asked[1]?.acknowledge();
  await flow.acknowledged();
  assert.is(flow.openFrom(place), undefined);
});

test('where many are open, the next waits for the oldest', async () => {
  const { flow, asked } = flowWithAnswers();
  for (let offset = 0n; offset < 8n; offset += 1n) flow.open(place, offset).send(events);
  const room = flow.waitForCapacity(place);
  assert.ok(await isSettled(flow.waitForCapacity(other)));
  assert.not.ok(await isSettled(room));
  asked[0]?.acknowledge();
  await room;
});

test('reports that were refused are sent again before anything is committed', async () => {
  const { flow, asked } = flowWithAnswers();
  flow.open(place, 0n).send(events);
  asked[0]?.refuse(new Error('no broker'));
  assert.not.ok(await isSettled(flow.acknowledged()));
  assert.is(asked.length, 2);
  asked[1]?.acknowledge();
  await flow.acknowledged();
});

test('giving up fails the calls that would commit or go on', async () => {
  const { flow, asked, giveUp } = flowWithAnswers();
  for (let offset = 0n; offset < 8n; offset += 1n) flow.open(place, offset).send(events);
  giveUp();
  asked[0]?.refuse(new Error('no broker'));
  const message = async (work: Promise<unknown>) =>
    work.then(
      () => 'fine',
      (error: Error) => error.message,
    );
  assert.is(await message(flow.acknowledged()), 'given up');
  assert.is(await message(flow.waitForCapacity(place)), 'given up');
});

test.run();
