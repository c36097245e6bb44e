import * as assert from 'uvu/assert';
import type { Finding } from '../finding.ts';

/** A finding as a table of tests writes it: the level, and what the two texts have to say. */
export type Expected = {
  check: string;
  level: Finding['level'];
  summary: RegExp;
  remedy?: RegExp;
};

/** Fails unless exactly one finding of that check is as expected. */
export function assertFinding(findings: readonly Finding[], expected: Expected): void {
  const { check, level, summary, remedy } = expected;
  const candidates = findings.filter((finding) => finding.check === check);
  const matching = candidates.filter(
    (finding) =>
      finding.level === level &&
      summary.test(finding.summary) &&
      (remedy === undefined || remedy.test(finding.remedy ?? '')),
  );
  const wanted = `${level} ${check}: ${summary}${remedy ? ` → ${remedy}` : ''}`;
  assert.is(matching.length, 1, `${wanted} among ${JSON.stringify(candidates, null, 2)}`);
}

/** Fails when anything but `ok` was found. */
export function assertAllOk(findings: readonly Finding[]): void {
  assert.equal(
    findings.filter(({ level }) => level !== 'ok'),
    [],
  );
}
