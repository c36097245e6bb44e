/**
 * What one check found. A `problem` stops the pipeline or will; a `note` is worth knowing and no reason to fail.
 */
export type Finding = {
  /** What was checked, stable and machine-readable: `jdk`, `port`, `slot`, … */
  check: string;
  level: 'ok' | 'note' | 'problem';
  /** One sentence for the person at the keyboard. Never holds a password. */
  says: string;
  /** The command that mends it, to be pasted. */
  mend?: string;
};

/** Findings under one heading. */
export type FindingGroup = { title: string; findings: Finding[] };

/** What a source told, or why it told nothing. */
export type Gathered<Facts> = { reached: true; facts: Facts } | { reached: false; why: string };

export function ok(check: string, says: string): Finding {
  return { check, level: 'ok', says };
}

export function note(check: string, says: string, mend?: string): Finding {
  return { check, level: 'note', says, ...(mend === undefined ? {} : { mend }) };
}

export function problem(check: string, says: string, mend: string): Finding {
  return { check, level: 'problem', says, mend };
}

/** What is wrong, or one line that says that nothing is. */
export function orOk(check: string, wrong: readonly Finding[], says: string): Finding[] {
  return wrong.length > 0 ? [...wrong] : [ok(check, says)];
}
