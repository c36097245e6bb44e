import { examineStack } from '@shelfcast/local/doctor/examine';
import { readSettings } from '@shelfcast/local/settings';
import { asRemembered } from '@shelfcast/local/start/remember';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Finding } from '@shelfcast/service-kit/finding';
import * as assert from 'uvu/assert';
import { fromEnvironment } from './environment.ts';
import { runCommand } from './run-command.ts';

/** What doctor finds wrong with the test stack now. */
export async function doctorProblems(): Promise<Finding[]> {
  const settings = asRemembered(
    readSettings({ SHELFCAST_STATE_DIR: fromEnvironment('TEST_STATE_DIR') }),
  );
  const groups = await examineStack(settings);
  return groups.flatMap(({ findings }) => findings).filter(({ level }) => level === 'problem');
}

/** The problem, once doctor has it. */
export function foundByDoctor(check: string, summary: RegExp): Promise<Finding> {
  return eventually(
    async () => {
      const all = await doctorProblems();
      const finding = all.find((one) => one.check === check && summary.test(one.summary));
      if (!finding) throw new Error(`there are only ${JSON.stringify(all)}`);
      return finding;
    },
    { timeoutMs: 60_000, intervalMs: 500, what: `the problem ${check}` },
  );
}

/** Runs what a finding or an alert names, to the letter; it has to succeed. */
export async function heal(remedy: string | null | undefined): Promise<string> {
  assert.ok(remedy, 'a command is named');
  const { status, output } = await runCommand(remedy ?? '');
  assert.is(status, 0, `${remedy}\n${output}`);
  return output;
}

/** What doctor says of a process for minutes after it was killed often, as tests do. */
const KILLED_OFTEN = /starts again and again/;

/** Waits until doctor has nothing to say, but of what tests killed. */
export async function doctorIsGreen(): Promise<void> {
  const others = async () =>
    (await doctorProblems()).filter(({ summary }) => !KILLED_OFTEN.test(summary));
  await eventually(async () => assert.equal(await others(), []), {
    timeoutMs: 120_000,
    intervalMs: 1_000,
    what: 'doctor finds no problem',
  });
}
