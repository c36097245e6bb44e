/** What a test file's process did. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
}

export interface Verdict {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why the file counts as failed; undefined when all is well. */
  readonly reason: string | undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts every colour code
const COLOUR_CODES = /\u001b\[[0-9;]*m/g;
const TOTALS =
  /^ {2}Total: +(?<total>\d+)\n {2}Passed: +(?<passed>\d+)\n {2}Skipped: +(?<skipped>\d+)$/gm;

/**
 * Whether a test file really passed. uvu exits 0 when a `before` hook or an `after.each` throws, when
 * `.run()` is missing and when `.only` hides the other tests, so its exit code is only one of the signs:
 * the totals must be there and must say that every test passed, and that there was one.
 */
export function judge(outcome: Outcome): Verdict {
  const totals = lastTotals(outcome.output);
  const passed = totals?.passed ?? 0;
  const skipped = totals?.skipped ?? 0;
  const reason = reasonToFail(outcome, totals);
  if (reason === undefined) return { passed, failed: 0, skipped, reason };
  return { passed, failed: Math.max(1, (totals?.total ?? 0) - passed), skipped, reason };
}

/** Why a test's source may not be run at all, or undefined. */
export function refuseSource(source: string): string | undefined {
  return /\.only\s*\(/.test(source) ? '.only( would hide the other tests' : undefined;
}

interface Totals {
  readonly total: number;
  readonly passed: number;
  readonly skipped: number;
}

function reasonToFail(outcome: Outcome, totals: Totals | undefined): string | undefined {
  if (outcome.timedOut) return 'out of time: killed';
  if (outcome.signal !== null) return `killed by ${outcome.signal}`;
  if (totals === undefined) return 'no totals: it crashed, or .run() is missing';
  // Every test may be skipped, where what it needs is not there; the totals say so.
  if (totals.total + totals.skipped === 0) return 'no test was registered';
  if (totals.passed !== totals.total)
    return `${totals.total - totals.passed} of ${totals.total} failed`;
  if (outcome.exitCode !== 0) return `exit code ${outcome.exitCode}`;
  return undefined;
}

/** The last totals win: a test may itself print what looks like some. */
function lastTotals(output: string): Totals | undefined {
  const plain = output.replaceAll(COLOUR_CODES, '').replaceAll('\r\n', '\n');
  const groups = [...plain.matchAll(TOTALS)].at(-1)?.groups;
  if (groups === undefined) return undefined;
  return {
    total: Number(groups.total),
    passed: Number(groups.passed),
    skipped: Number(groups.skipped),
  };
}
