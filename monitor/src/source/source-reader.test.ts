import { broker, source } from '@shelfcast/connect-config/testing/facts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHeartbeatWatch } from './source-reader.ts';

const test = suite('the age of a heartbeat');

function beat(heartbeatAtMs: number, heartbeatAgeMs: number) {
  const arrivals = { heartbeatAtMs, heartbeatAgeMs, changeAgeMs: undefined };
  return { ...source, broker: { reached: true, facts: { ...broker, arrivals } } } as const;
}

test('is the broker’s, and at least as long as no newer one was seen', () => {
  let nowMs = 1_000;
  const watch = createHeartbeatWatch(() => nowMs);
  const ageOf = (facts: ReturnType<typeof watch>) =>
    facts.broker.reached ? facts.broker.facts.arrivals.heartbeatAgeMs : undefined;
  assert.is(ageOf(watch(beat(900, 100))), 100);
  nowMs = 21_000;
  // The broker's clock is an hour ahead: the record would be of the future for that long.
  assert.is(ageOf(watch(beat(3_600_000, 0))), 0);
  nowMs = 41_000;
  assert.is(ageOf(watch(beat(3_600_000, 0))), 20_000);
  assert.is(ageOf(watch(beat(3_605_000, 0))), 0);
});

test.run();
