/**
 * What one check found. A `problem` stops the pipeline or will; a `note` is worth knowing and no reason to fail.
 */
export type Finding<Check extends string = string> = {
  /** What was checked, stable and machine-readable: `jdk`, `port`, `slot`, … */
  check: Check;
  level: 'ok' | 'note' | 'problem';
  /** One sentence for the person at the keyboard. Never holds a password. */
  summary: string;
  /** The command that mends it, to be pasted. */
  remedy?: string;
  /** The table or topic it is about, where a check looks at several. */
  subject?: string;
  /** Changes are missing in Kafka: the table, or every table, has to be read again. */
  readAgain?: 'table' | 'all';
};

/** Findings under one heading. */
export type FindingGroup = { title: string; findings: Finding[] };

/** What a source told, or why it told nothing. */
export type Gathered<Facts> = { reached: true; facts: Facts } | { reached: false; why: string };

export function ok<Check extends string>(check: Check, summary: string): Finding<Check> {
  return { check, level: 'ok', summary };
}

export function note<Check extends string>(
  check: Check,
  summary: string,
  remedy?: string,
): Finding<Check> {
  return { check, level: 'note', summary, ...(remedy === undefined ? {} : { remedy }) };
}

export function problem<Check extends string>(
  check: Check,
  summary: string,
  remedy: string,
  about: Pick<Finding, 'subject' | 'readAgain'> = {},
): Finding<Check> {
  return { check, level: 'problem', summary, remedy, ...about };
}

/** What is wrong, or one line that says that nothing is. */
export function orOk<Check extends string>(
  check: Check,
  wrong: readonly Finding<Check>[],
  summary: string,
): Finding<Check>[] {
  return wrong.length > 0 ? [...wrong] : [ok(check, summary)];
}
