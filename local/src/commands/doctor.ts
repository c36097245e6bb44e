import { examineMachine, examineStack } from '../doctor/examine.ts';
import { asJson, asText, countProblems } from '../doctor/report.ts';
import type { LocalSettings } from '../settings.ts';

/**
 * `make doctor`: names what is wrong with machine, stack and pipeline, each with the command that mends it.
 * @param options.env where programs are looked up (PATH, JAVA_HOME)
 * @returns whether there is no problem
 */
export async function doctor(
  settings: LocalSettings,
  options: {
    env: Readonly<Record<string, string | undefined>>;
    json: boolean;
    color: boolean;
    write: (text: string) => void;
  },
): Promise<boolean> {
  const [machine, stack] = await Promise.all([
    examineMachine(settings, options.env),
    examineStack(settings),
  ]);
  const groups = [...machine, ...stack];
  options.write(options.json ? asJson(groups) : asText(groups, { color: options.color }));
  return countProblems(groups) === 0;
}
