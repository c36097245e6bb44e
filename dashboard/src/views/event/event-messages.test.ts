import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { aboutOf, describeStep, list, notesOf } from './event-messages.ts';
import { report, step, timeline } from './testing.ts';

const test = suite('event words');
const nowMs = 1_000 + 42_000;
const service = { service: 'pricing', sinceCommitMs: null, expected: true } as const;
const failed = step('failed', 'pricing', {
  sinceCommitMs: 212,
  report: report({
    stage: 'failed',
    attempt: 4,
    error: { type: 'Unavailable', message: 'erp.example answered 503' },
  }),
});

test('a change that waits says why, that nothing is lost, and where to act', () => {
  const [note] = notesOf(
    timeline({ stages: [failed], services: [{ ...service, state: 'waiting' }] }),
    nowMs,
  );
  assert.is(note?.title, 'pricing tries again after attempt 4');
  assert.match(
    note?.summary ?? '',
    'Unavailable: erp.example answered 503. Later changes of P-1042',
  );
  assert.is(note?.action?.href, '/dead-letters?consumer=pricing&q=P-1042');
});

test('a dead letter asks for a decision', () => {
  const [note] = notesOf(
    timeline({ stages: [failed], services: [{ ...service, state: 'deadLettered' }] }),
    nowMs,
  );
  assert.is(note?.kind, 'bad');
  assert.match(note?.summary ?? '', 'not tried again by itself');
});

test('a silent consumer is first given a moment, then named', () => {
  const silent = timeline({ services: [{ ...service, state: 'missing' }] });
  assert.is(notesOf(silent, 1_500)[0]?.title, 'pricing has not reported yet');
  const [late] = notesOf(silent, nowMs);
  assert.is(late?.title, 'pricing has not reported for 42 s');
  assert.is(late?.action?.href, '/consumers');
});

test('clocks that disagree are named with the least by which they do', () => {
  const stages = [
    step('processed', 'pricing', {
      clockSkewMs: 12.4,
      after: { stage: 'appended', service: 'kafka' },
    }),
  ];
  const [note] = notesOf(timeline({ stages, clockSkew: true }), nowMs);
  assert.match(note?.summary ?? '', 'pricing says it ended 12 ms before kafka did');
});

test('an event that is through says when, and who had nothing to do', () => {
  const services = [
    { service: 'catalogue', state: 'processed', sinceCommitMs: 7.8, expected: true },
    { service: 'pricing', state: 'skipped', sinceCommitMs: 9.4, expected: true },
  ] as const;
  const [note] = notesOf(timeline({ services, complete: true }), nowMs);
  assert.is(note?.title, 'Through everywhere after 9.4 ms');
  assert.is(note?.summary, 'Applied by catalogue. Nothing to do for pricing.');
});

test('an event of a topic that no consumer reads is not through anywhere', () => {
  const [note, ...others] = notesOf(timeline({ complete: true }), nowMs);
  assert.is(note?.title, 'No consumer reads this topic');
  assert.equal(others, []);
});

test('what it is about, and what steps are called', () => {
  const captured = step('captured', 'capture', { report: report({ stage: 'captured' }) });
  assert.equal(aboutOf(timeline({ stages: [captured] })), {
    isManual: false,
    kind: 'row update',
    changesTitle: 'Changed',
    isProduct: true,
  });
  assert.equal(describeStep({ stage: 'failed', service: 'pricing', attempt: 3 }), {
    name: 'pricing',
    who: 'failed, attempt 3',
  });
  assert.is(list(['a', 'b', 'c']), 'a, b and c');
});

test.run();
