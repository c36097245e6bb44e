import { readFileSync } from 'node:fs';
import { closest, distance } from 'fastest-levenshtein';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { messageOf } from '../message-of.ts';
import { isSecret, SETTING_RULES } from './settings.ts';

/** One thing wrong with the settings. */
export interface ConfigProblem {
  readonly setting: string;
  readonly problem: string;
  /** What was given, where it may be shown: never for secrets. */
  readonly given?: string;
}

/** The settings cannot be used; the message is one text that lists every problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'BAD_CONFIG';
  readonly retriable = false;
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ setting, problem, given }) => {
      return `  ${setting}: ${problem}${given === undefined ? '' : ` (given: ${JSON.stringify(given)})`}`;
    });
    super(`${problems.length === 1 ? 'a setting is' : 'settings are'} wrong:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

export interface ConfigSources {
  /** `process.env`, read by `main.ts`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the file named by CONFIG_FILE; default: from disk. */
  readonly readFile?: (path: string) => string;
}

/**
 * Reads settings: from the environment, or else from the YAML file that CONFIG_FILE names. The file
 * uses the same names, flat (`KAFKA_SSL: on`) or grouped (`kafka: { ssl: on }`); its lists become
 * comma-separated text. A setting given as empty text counts as not given.
 *
 * @throws ConfigError with every problem: missing and malformed settings, those that do not fit
 *   together, and names in the file that no setting has
 */
export function loadConfig<Schema extends z.ZodObject>(
  schema: Schema,
  { env, readFile = (path) => readFileSync(path, 'utf8') }: ConfigSources,
): z.output<Schema> {
  const names = Object.keys(schema.shape);
  const problems: ConfigProblem[] = [];
  const fromFile = fileSettings(env.CONFIG_FILE, readFile, problems);
  for (const name of fromFile.keys()) {
    if (!names.includes(name)) problems.push(unknownSetting(name, names));
  }

  const given: Record<string, string> = {};
  for (const name of names) {
    const value = nonEmpty(env[name]) ?? nonEmpty(fromFile.get(name));
    if (value !== undefined) given[name] = value;
  }

  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const setting = String(issue.path[0] ?? 'settings');
      const field = schema.shape[setting];
      const value = given[setting];
      problems.push({
        setting,
        problem: value === undefined ? `is missing: ${issue.message}` : issue.message,
        ...(value === undefined || field === undefined || isSecret(field) ? {} : { given: value }),
      });
    }
  }
  for (const rule of SETTING_RULES) {
    if (rule.settings.every((name) => names.includes(name))) problems.push(...rule.check(given));
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return parsed.data;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function unknownSetting(setting: string, names: readonly string[]): ConfigProblem {
  const nearest = names.length === 0 ? '' : closest(setting, names);
  const near = nearest !== '' && distance(setting, nearest) <= Math.ceil(setting.length / 4);
  return {
    setting,
    problem: `is no setting of this service${near ? `; did you mean ${nearest}?` : ''}`,
  };
}

function fileSettings(
  path: string | undefined,
  readFile: (path: string) => string,
  problems: ConfigProblem[],
): Map<string, string> {
  const settings = new Map<string, string>();
  if (path === undefined || path === '') return settings;
  try {
    const content: unknown = parseYaml(readFile(path));
    if (content === null) return settings;
    if (!isGroup(content)) throw new Error('the file is not a mapping of names to values');
    flatten(content, '', settings, problems);
  } catch (error) {
    problems.push({
      setting: 'CONFIG_FILE',
      problem: `cannot be read: ${messageOf(error)}`,
      given: path,
    });
  }
  return settings;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function flatten(
  group: Record<string, unknown>,
  prefix: string,
  into: Map<string, string>,
  problems: ConfigProblem[],
): void {
  for (const [key, value] of Object.entries(group)) {
    const name = `${prefix}${key}`.replaceAll('-', '_').toUpperCase();
    if (isGroup(value)) flatten(value, `${name}_`, into, problems);
    else if (into.has(name))
      problems.push({ setting: name, problem: 'is given twice in the file' });
    else if (Array.isArray(value)) into.set(name, value.map(String).join(','));
    else if (value !== null && value !== undefined) into.set(name, String(value));
  }
}
