import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planPartitions } from './partitions.ts';

const test = suite('partitions');
const at = (day: string) => Date.parse(`${day}T12:00:00Z`);

test('every day that is kept has a partition, and the next two', () => {
  const { make, drop } = planPartitions([], { nowMs: at('2026-03-01'), retentionDays: 2 });
  assert.equal(make, ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02', '2026-03-03']);
  assert.equal(drop, []);
});

test('a day later one more is made, and the oldest goes', () => {
  const first = planPartitions([], { nowMs: at('2026-12-31'), retentionDays: 1 });
  const existing = first.make.map((day) => `reports_${day.replaceAll('-', '')}`);
  const next = planPartitions(existing, { nowMs: at('2027-01-01'), retentionDays: 1 });
  assert.equal(next, { make: ['2027-01-03'], drop: ['reports_20261230'] });
});

test('what a clock ahead of ours has made stays', () => {
  const { drop } = planPartitions(['reports_20300101'], {
    nowMs: at('2026-03-01'),
    retentionDays: 1,
  });
  assert.equal(drop, []);
});

test.run();
