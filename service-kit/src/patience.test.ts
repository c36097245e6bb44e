import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPatience } from './patience.ts';
import { silentLogger } from './process/logging.ts';

const test = suite('patience');

class Outage extends Error {}

const given = (forMs: number, isStopping = () => false) =>
  createPatience({
    isOutage: (error) => error instanceof Outage,
    isStopping,
    forMs,
    log: silentLogger(),
  });

/** Fails this often. */
function failing(times: number, error: Error) {
  let calls = 0;
  const work = async (): Promise<number> => {
    calls += 1;
    if (calls <= times) throw error;
    return calls;
  };
  return { work, calls: () => calls };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('an outage that passes only takes its time', async () => {
  const { work } = failing(2, new Outage());
  assert.is(await given(10_000)('the database', work), 3);
});

test('what does not pass fails at once', async () => {
  const error = new Error('wrong password');
  const { work, calls } = failing(2, error);
  assert.is(await failureOf(given(10_000)('the database', work)), error);
  assert.is(calls(), 1);
});

test('an outage without an end fails once the patience is over, which all steps share', async () => {
  const patiently = given(150);
  const error = new Outage();
  assert.is(await failureOf(patiently('one', failing(100, error).work)), error);
  const other = failing(100, error);
  assert.is(await failureOf(patiently('other', other.work)), error);
  assert.is(other.calls(), 1);
});

test('a process that is to end does not wait', async () => {
  const error = new Outage();
  const { work, calls } = failing(2, error);
  assert.is(await failureOf(given(10_000, () => true)('the database', work)), error);
  assert.is(calls(), 1);
});

test.run();
