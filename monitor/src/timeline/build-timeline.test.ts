import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildTimeline } from './build-timeline.ts';

const test = suite('timeline');

const COMMIT_US = 1_700_000_000_000_000;

function report(
  service: string,
  stage: LiveEvent['stage'],
  afterMs: number,
  more: Partial<LiveEvent> = {},
): LiveEvent {
  return {
    id: `e/${service}/${stage}/1`,
    eventId: 'e',
    ...{ stage, service },
    instance: 'local',
    topic: 't',
    partition: 0,
    offset: '1',
    key: 'k',
    occurredAtUs: COMMIT_US,
    atUs: COMMIT_US + afterMs * 1000,
    durationUs: null,
    attempt: 1,
    error: null,
    traceId: null,
    details: {},
    ...more,
  };
}

const captured = report('capture', 'captured', 6, {
  details: { debeziumAtUs: `${COMMIT_US + 2_000}`, brokerAtMs: COMMIT_US / 1000 + 4 },
});
const both = new Set(['a', 'b']);

test('every step has the time since what it waited for', () => {
  const { stages, complete, missing, clockSkew } = buildTimeline(
    [report('b', 'processed', 9), captured, report('a', 'processed', 7)],
    both,
  );
  assert.equal(
    stages.map(({ stage, service, gapMs, after }) => [stage, service, gapMs, after?.stage]),
    [
      ['committed', 'database', 0, undefined],
      ['decoded', 'debezium', 2, 'committed'],
      ['appended', 'kafka', 2, 'decoded'],
      ['captured', 'capture', 2, 'appended'],
      ['processed', 'a', 3, 'appended'],
      ['processed', 'b', 5, 'appended'],
    ],
  );
  assert.ok(complete);
  assert.equal(missing, []);
  assert.not(clockSkew);
});

test('steps of one service follow each other: failed, parked, redriven, processed', () => {
  const { stages, services, complete } = buildTimeline(
    [
      captured,
      report('a', 'failed', 8),
      report('a', 'parked', 9),
      report('a', 'redriven', 100),
      report('a', 'processed', 103),
    ],
    new Set(['a']),
  );
  assert.equal(
    stages.slice(4).map(({ stage, gapMs }) => [stage, gapMs]),
    [
      ['failed', 4],
      ['parked', 1],
      ['redriven', 91],
      ['processed', 3],
    ],
  );
  assert.equal(services, [
    { service: 'a', state: 'processed', sinceCommitMs: 103, expected: true },
  ]);
  assert.ok(complete);
});

test('who reads the topic and has not reported is missing; who waits is not', () => {
  const { missing, services, complete } = buildTimeline(
    [report('a', 'failed', 8), report('a', 'parked', 9)],
    both,
  );
  assert.equal(missing, [
    { stage: 'captured', service: 'capture' },
    { stage: 'processed', service: 'b' },
  ]);
  assert.equal(
    services.map(({ service, state }) => [service, state]),
    [
      ['a', 'waiting'],
      ['b', 'missing'],
    ],
  );
  assert.not(complete);
});

test('a dead letter waits for a decision, a discarded one is done', () => {
  const dead = [captured, report('a', 'failed', 8), report('a', 'deadLettered', 9)] as const;
  assert.is(buildTimeline(dead, new Set(['a'])).services[0]?.state, 'deadLettered');
  const done = buildTimeline([...dead, report('a', 'discarded', 10)], new Set(['a']));
  assert.is(done.services[0]?.state, 'discarded');
  assert.ok(done.complete);
});

test("clocks that disagree are flagged, time never runs backwards, and the broker's whole milliseconds are no lie", () => {
  const skewed = buildTimeline([captured, report('a', 'processed', -30)], new Set(['a']));
  const [first] = skewed.stages.filter(({ service }) => service === 'a');
  assert.equal([first?.gapMs, first?.sinceCommitMs, first?.clockSkewMs], [0, 0, 34]);
  assert.ok(skewed.clockSkew);
  const cutOff = report('capture', 'captured', 3, {
    details: { debeziumAtUs: `${COMMIT_US + 700}`, brokerAtMs: COMMIT_US / 1000 },
  });
  assert.not(buildTimeline([cutOff], new Set()).clockSkew);
});

test('of a published event the report and the consumers follow its acceptance', () => {
  const published = report('producer-api', 'published', 5, {
    details: { brokerAtMs: COMMIT_US / 1000 + 3 },
  });
  const { stages } = buildTimeline([published, report('a', 'processed', 8)], new Set(['a']));
  assert.equal(
    stages.map(({ stage, gapMs }) => [stage, gapMs]),
    [
      ['accepted', 0],
      ['appended', 3],
      ['published', 2],
      ['processed', 5],
    ],
  );
});

test.run();
