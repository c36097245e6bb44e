import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runSteps, type Step, type StepEvent } from './steps.ts';

const test = suite('steps of a start');

function step(name: string, after: string[], run: Step['run'] = async () => undefined): Step {
  return { name, title: name, after, run };
}

test('a step begins once those before it are done, and others run beside it', async () => {
  const order: string[] = [];
  const note = (name: string, ms: number) => async () => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    order.push(name);
    return undefined;
  };
  await runSteps(
    [
      step('slow', [], note('slow', 30)),
      step('quick', [], note('quick', 1)),
      step('last', ['slow', 'quick'], note('last', 1)),
    ],
    () => {},
  );
  assert.equal(order, ['quick', 'slow', 'last']);
});

test('after a failure nothing new begins, and the failure names its step', async () => {
  const events: string[] = [];
  const listener = (event: StepEvent) => {
    if (event.type !== 'planned') events.push(`${event.step.name} ${event.type}`);
  };
  const steps = [
    step('broken', [], async () => {
      throw new Error('no disk');
    }),
    step('next', ['broken']),
  ];
  try {
    await runSteps(steps, listener);
    assert.unreachable('the run fails');
  } catch (error) {
    assert.match(String(error), 'broken: no disk');
  }
  assert.equal(events, ['broken started', 'broken failed', 'next skipped']);
});

test('a failure tells the steps that still run, and one that gives up for it is not the failure', async () => {
  const events: string[] = [];
  const listener = (event: StepEvent) => {
    if (event.type !== 'planned') events.push(`${event.step.name} ${event.type}`);
  };
  const patient = step(
    'patient',
    [],
    (_, failed) =>
      new Promise((_resolve, reject) => {
        failed.addEventListener('abort', () => reject(failed.reason));
      }),
  );
  const broken = step('broken', [], async () => {
    throw new Error('no disk');
  });
  try {
    await runSteps([patient, broken], listener);
    assert.unreachable('the run fails');
  } catch (error) {
    assert.match(String(error), 'broken: no disk');
  }
  assert.equal(events.slice(2).sort(), ['broken failed', 'patient skipped']);
});

test('a step cannot wait for one that does not come before it', async () => {
  try {
    await runSteps([step('a', ['b']), step('b', [])], () => {});
    assert.unreachable('the plan is refused');
  } catch (error) {
    assert.match(String(error), 'waits for "b"');
  }
});

test.run();
