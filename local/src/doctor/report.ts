import { styleText } from 'node:util';
import type { Finding, FindingGroup } from '@shelfcast/service-kit/finding';
import { printable } from '@shelfcast/service-kit/process/print';

const LABELS: Record<Finding['level'], { text: string; color: 'green' | 'yellow' | 'red' }> = {
  ok: { text: 'ok', color: 'green' },
  note: { text: 'note', color: 'yellow' },
  problem: { text: 'PROBLEM', color: 'red' },
};
const WIDTH = Math.max(...Object.values(LABELS).map(({ text }) => text.length));

export function countProblems(groups: readonly FindingGroup[]): number {
  return groups.flatMap(({ findings }) => findings).filter(({ level }) => level === 'problem')
    .length;
}

/** For people: one line per finding, what mends it below, the count last. */
export function asText(groups: readonly FindingGroup[], options: { color: boolean }): string {
  const count = countProblems(groups);
  const paint = (level: Finding['level'], text: string) =>
    options.color ? styleText(LABELS[level].color, text, { validateStream: false }) : text;
  const lines = groups.flatMap(({ title, findings }) => [
    title,
    ...findings.flatMap(({ level, summary, remedy }) => [
      `  ${paint(level, LABELS[level].text.padEnd(WIDTH))}  ${printable(summary)}`,
      ...(remedy === undefined ? [] : [`  ${' '.repeat(WIDTH)}  → ${printable(remedy)}`]),
    ]),
    '',
  ]);
  const summary =
    count === 0 ? 'No problems.' : `${count} ${count === 1 ? 'problem' : 'problems'}.`;
  return `${[...lines, paint(count === 0 ? 'ok' : 'problem', summary)].join('\n')}\n`;
}

/** For programs: `{problems, findings: [{group, check, level, summary, remedy?}]}`. */
export function asJson(groups: readonly FindingGroup[]): string {
  const findings = groups.flatMap(({ title, findings: found }) =>
    found.map((finding) => ({ group: title, ...finding })),
  );
  return `${JSON.stringify({ problems: countProblems(groups), findings }, null, 2)}\n`;
}
