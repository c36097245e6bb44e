import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planResync, type ResyncFacts } from './resync-plan.ts';

const test = suite('what a resync has to do');

const healthy: ResyncFacts = {
  hasConnector: true,
  losses: [],
  problems: [],
  waiting: [],
  consumersBehind: [],
  forced: false,
};
const cases: [string, Partial<ResyncFacts>, 'refuse' | 'sweep' | 'full'][] = [
  ['nothing is wrong', {}, 'refuse'],
  ['nothing is wrong, but it is forced', { forced: true }, 'full'],
  ['the slot is lost', { losses: ['The slot is gone.'] }, 'full'],
  [
    'the slot is lost while an earlier resync was not finished',
    { losses: ['The slot is gone.'], consumersBehind: ['catalogue'] },
    'full',
  ],
  ['it was interrupted after the registration', { consumersBehind: ['catalogue'] }, 'sweep'],
  ['a table was not read whole', { waiting: ['public.orders'], problems: ['x'] }, 'sweep'],
  [
    'it was interrupted before the registration',
    { hasConnector: false, consumersBehind: ['catalogue'] },
    'full',
  ],
  ['nothing was ever captured', { hasConnector: false }, 'refuse'],
];
for (const [what, facts, kind] of cases) {
  test(`${what}: ${kind}`, () => {
    assert.is(planResync({ ...healthy, ...facts }).kind, kind);
  });
}

test('a failed task is not called nothing: what is wrong is said with what mends it', () => {
  const problems = ['Its task 0 has FAILED.\n  To mend it: make connector-restart'];
  const { kind, because } = planResync({ ...healthy, problems });
  assert.is(kind, 'refuse');
  assert.not.match(String(because), /Nothing is wrong/);
  assert.match(String(because), /FAILED[\s\S]*make connector-restart[\s\S]*FORCE=1/);
});

test('a refusal is one sentence that says what to do', () => {
  const nothing = planResync({ ...healthy, hasConnector: false });
  assert.match(String(nothing.because), /make connector-register\.$/);
  assert.match(String(planResync(healthy).because), /FORCE=1/);
});

test.run();
