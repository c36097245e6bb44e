import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createReportFlow } from './report-flow.ts';

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
      hurry() {},
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

test('a partition waits for its own reports only, a commit for all', async () => {
  const { flow, asked } = flowWithAnswers();
  flow.send(place, events);
  flow.send(other, events);
  asked[0]?.acknowledge();
  assert.ok(await isSettled(flow.idle(place)));
  assert.not.ok(await isSettled(flow.idle(other)));
  assert.not.ok(await isSettled(flow.acknowledged()));
  asked[1]?.acknowledge();
  await flow.idle(other);
  await flow.acknowledged();
});

test('reports that were refused are sent again before anything is committed', async () => {
  const { flow, asked } = flowWithAnswers();
  flow.send(place, events);
  asked[0]?.refuse(new Error('no broker'));
  assert.not.ok(await isSettled(flow.acknowledged()));
  assert.is(asked.length, 2);
  asked[1]?.acknowledge();
  await flow.acknowledged();
});

test('giving up is told to whoever would commit or go on', async () => {
  const { flow, asked, giveUp } = flowWithAnswers();
  flow.send(place, events);
  giveUp();
  asked[0]?.refuse(new Error('no broker'));
  const message = async (work: Promise<unknown>) =>
    work.then(
      () => 'fine',
      (error: Error) => error.message,
    );
  assert.is(await message(flow.acknowledged()), 'given up');
  assert.is(await message(flow.idle(place)), 'given up');
});

test.run();
