import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type AlertRules, account, type StockLevel } from './account.ts';
import type { Cause, StockEffect } from './decide.ts';

const RULES: AlertRules = { low: 5n, back: 10n, alertFirstRead: false };

let nr = 0;
const cause = (): Cause => {
  nr += 1;
  return { changeId: `change-${nr}`, origin: 'cdc', instance: 'local', occurredAtUs: BigInt(nr) };
};
const level = (
  productId: string,
  quantity: number | null,
  { snapshot = false } = {},
): StockEffect => ({
  kind: 'level',
  productId,
  quantity: quantity === null ? null : BigInt(quantity),
  category: null,
  snapshot,
  cause: cause(),
});
const gone = (productId: string): StockEffect => ({ kind: 'gone', productId, cause: cause() });
const run = (
  effects: readonly StockEffect[],
  known: Record<string, StockLevel> = {},
  rules = RULES,
) => account(effects, new Map(Object.entries(known)), () => rules);
const steps = ({ movements }: ReturnType<typeof account>) =>
  movements.map(({ kind, delta, quantity }) => `${kind} ${delta} → ${quantity}`);
const kinds = ({ alerts }: ReturnType<typeof account>) => alerts.map(({ alert }) => alert.kind);

test('every change of a product in a batch is a movement of its own, in order', () => {
  const result = run([level('A', 20), level('B', 7), level('A', 4), level('A', 12)]);
  assert.equal(steps(result), [
    'opening 20 → 20',
    'opening 7 → 7',
    'change -16 → 4',
    'change 8 → 12',
  ]);
  assert.equal(kinds(result), ['low', 'back']);
  assert.equal(result.levels.get('A')?.quantity, 12n);
});

test('deltas add up to the level for any sequence of effects', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 200; round += 1) {
    const effects = Array.from({ length: 30 }, () => {
      const product = `P${random(3)}`;
      const dice = random(10);
      if (dice === 0) return gone(product);
      return level(product, dice === 1 ? null : random(15), { snapshot: dice === 2 });
    });
    const { movements, levels } = run(effects);
    for (const [product, now] of levels) {
      const sum = movements
        .filter(({ productId }) => productId === product)
        .reduce((total, { delta }) => total + delta, 0n);
      assert.is(sum, now?.quantity ?? 0n);
    }
    assert.is(new Set(movements.map(({ id }) => id)).size, movements.length);
  }
});

test('the movement leads from the level in the ledger: a discarded change leaves no hole', () => {
  const result = run([level('A', 4)], { A: { quantity: 10n, state: 'ok', category: null } });
  assert.equal(steps(result), ['change -6 → 4']);
});

test('a level that is known already, such as a snapshot reads again, changes nothing', () => {
  const known = { A: { quantity: 4n, state: 'low', category: null } } as const;
  const result = run([level('A', 4, { snapshot: true })], known);
  assert.equal([result.movements.length, result.levels.size, result.alerts.length], [0, 0, 0]);
});

test('a snapshot that shows a product for the first time alerts only when it is configured to', () => {
  const first = [level('A', 2, { snapshot: true })];
  assert.equal(kinds(run(first)), []);
  assert.is(run(first).levels.get('A')?.state, 'low');
  assert.equal(kinds(run(first, {}, { ...RULES, alertFirstRead: true })), ['low']);
  assert.equal(kinds(run([level('A', 2)])), ['low'], 'a product that is created with little');
});

test('a snapshot that shows another level than the ledger has does alert', () => {
  const known = { A: { quantity: 20n, state: 'ok', category: null } } as const;
  assert.equal(kinds(run([level('A', 2, { snapshot: true })], known)), ['low']);
});

test('a delete closes the product, and a product created again is opened again', () => {
  const result = run([level('A', 3), gone('A'), gone('A'), level('A', 4)]);
  assert.equal(steps(result), ['opening 3 → 3', 'closing -3 → 0', 'opening 4 → 4']);
  assert.equal(kinds(result), ['low', 'low']);
  assert.is(run([level('A', 3), gone('A')]).levels.get('A'), null);
});

test('an unknown level counts as nothing', () => {
  const result = run([level('A', 7), level('A', null), level('A', 8)]);
  assert.equal(steps(result), ['opening 7 → 7', 'change -7 → null', 'change 8 → 8']);
  assert.equal(kinds(result), []);
});

test('ids are functions of the cause', () => {
  const effects = [level('A', 3)];
  const [first, second] = [run(effects), run(effects)];
  assert.equal(first, second);
  assert.match(first.alerts[0]?.alert.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  assert.is.not(first.alerts[0]?.alert.id, first.movements[0]?.id);
});

test('a level remembers its category where a change does not say; another category is no movement', () => {
  const known = { A: { quantity: 20n, state: 'ok', category: 'Desks' } } as const;
  const asked: (string | null)[] = [];
  const about = (quantity: bigint, category: string | null | undefined): StockEffect => ({
    ...{ kind: 'level', productId: 'A', quantity, category },
    ...{ snapshot: false, cause: cause() },
  });
  const { levels, movements } = account(
    [about(10n, undefined), about(10n, 'Chairs'), about(9n, undefined)],
    new Map(Object.entries(known)),
    (_, category) => {
      asked.push(category);
      return RULES;
    },
  );
  assert.equal(asked, ['Desks', 'Chairs']);
  assert.is(movements.length, 2);
  assert.is(levels.get('A')?.category, 'Chairs');
});

test.run();
