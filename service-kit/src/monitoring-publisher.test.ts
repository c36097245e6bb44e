import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RecordToSend, SentRecord } from './kafka/types.ts';
import { createMonitoringPublisher } from './monitoring-publisher.ts';

const test = suite('monitoring publisher');

const event = (eventId: string): MonitoringEvent => ({
  id: `${eventId}/catalogue/processed/1`,
  eventId,
  stage: 'processed',
  service: 'catalogue',
  instance: 'local',
  topic: 'pis.public.products',
  partition: 0,
  offset: 7n,
  key: 'p1',
  occurredAt: 1n,
  at: 2n,
  durationUs: 1n,
  attempt: 1,
  error: null,
  traceId: null,
  details: null,
});

test('reports are keyed by event, and reported only when acknowledged', async () => {
  const sent: RecordToSend[] = [];
  let acknowledge: () => void = () => {};
  const acknowledged = new Promise<void>((resolve) => {
    acknowledge = resolve;
  });
  const publisher = createMonitoringPublisher({
    encode: ({ id }) => Buffer.from(id),
    producer: {
      async send(records): Promise<SentRecord[]> {
        sent.push(...records);
        await acknowledged;
        return [];
      },
    },
  });
  let reported = false;

  const reporting = publisher.report([event('a'), event('b')]).then(() => {
    reported = true;
  });
  await new Promise(setImmediate);
  assert.not(reported);
  acknowledge();
  await reporting;

  assert.equal(
    sent.map(({ topic, key, value }) => [topic, key, value?.toString()]),
    [
      ['monitoring', 'a', 'a/catalogue/processed/1'],
      ['monitoring', 'b', 'b/catalogue/processed/1'],
    ],
  );
});

test('a report that cannot be encoded or sent is a failure', async () => {
  const failing = createMonitoringPublisher({
    encode: () => {
      throw new Error('not valid');
    },
    producer: { send: () => Promise.reject(new Error('must not be sent')) },
  });
  await failing.report([event('a')]).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /not valid/),
  );
});

test('gathered reports go together: when their time has come, or at a flush', async () => {
  const sent: string[][] = [];
  let turn: string[] = [];
  const publisher = createMonitoringPublisher({
    encode: ({ id }) => Buffer.from(id),
    lingerMs: 60_000,
    producer: {
      async send(records): Promise<SentRecord[]> {
        if (turn.length === 0) setImmediate(() => sent.push(turn.splice(0)));
        turn.push(...records.map(({ key }) => String(key)));
        return [];
      },
    },
  });
  await publisher.report([event('first')]); // alone
  await new Promise(setImmediate);
  assert.equal(sent.splice(0), [['first']]);
  const many = Array.from({ length: 100 }, (_, nr) => event(`e${nr}`));
  const first = publisher.report(many);
  publisher.flush();
  await first;
  await new Promise(setImmediate);
  sent.length = 0;

  const reporting = [publisher.report([event('a')]), publisher.report([event('b')])];
  await new Promise(setImmediate);
  assert.equal([sent, turn], [[], []]);
  publisher.flush();
  await Promise.all(reporting);
  await new Promise(setImmediate);
  assert.equal(sent, [['a', 'b']]);

  await publisher.report([...many, ...many]); // enough for a request of their own
  turn = [];
});

test.run();
