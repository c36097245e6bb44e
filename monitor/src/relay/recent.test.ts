import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createRecent } from './recent.ts';
import { entryAt, idsOf } from './testing.ts';

const test = suite('recent reports');
const all = (): boolean => true;
const start = new Map([
  [0, 10n],
  [1, 20n],
]);

function filled() {
  const recent = createRecent(start, 100);
  recent.push([entryAt(0, 10), entryAt(1, 20), entryAt(0, 11)], new Map([[0, 12n]]));
  recent.push([], new Map([[1, 25n]]));
  return recent;
}

test('gives what comes after a position, and where reading goes on', () => {
  const recent = filled();
  const { events, positions, complete } = recent.after(new Map([...start, [0, 11n]]), all, 10);
  assert.equal(idsOf(events), ['1/20', '0/11']);
  assert.equal(
    [...positions],
    [
      [0, 12n],
      [1, 25n],
    ],
  );
  assert.ok(complete);
});

test('in parts, nothing is left out and nothing comes twice', () => {
  const recent = filled();
  const ids: string[] = [];
  let at: ReadonlyMap<number, bigint> = start;
  for (let complete = false; !complete; ) {
    const slice = recent.after(at, all, 1);
    ids.push(...idsOf(slice.events));
    ({ complete, positions: at } = slice);
  }
  assert.equal(ids, ['0/10', '1/20', '0/11']);
  assert.equal(at, recent.end());
});

test('knows what it no longer holds', () => {
  const recent = createRecent(new Map([[0, 0n]]), 10);
  for (let offset = 0; offset < 50; offset += 1) {
    recent.push([entryAt(0, offset)], new Map([[0, BigInt(offset + 1)]]));
  }
  assert.not.ok(recent.covers(new Map([[0, 0n]])));
  assert.ok(recent.covers(new Map([[0, 45n]])));
  assert.ok(recent.reached(new Map([[0, 50n]])));
  assert.not.ok(recent.reached(new Map([[0, 51n]])));
  const { events } = recent.after(new Map([[0, 47n]]), all, 10);
  assert.equal(idsOf(events), ['0/47', '0/48', '0/49']);
});

test('after a jump, nothing from before it is taken for what follows', () => {
  const recent = filled();
  recent.jump(0, 500n);
  assert.not.ok(
    recent.covers(
      new Map([
        [0, 12n],
        [1, 25n],
      ]),
    ),
  );
  assert.ok(
    recent.covers(
      new Map([
        [0, 500n],
        [1, 25n],
      ]),
    ),
  );
});

test.run();
