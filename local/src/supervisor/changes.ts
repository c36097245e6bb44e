import { createHash } from 'node:crypto';
import type { ChildSpec } from './child-spec.ts';

/** Whether class data is written or read depends on what other JVMs have left, not on anybody's settings. */
const CLASS_DATA = /^-XX:(SharedArchiveFile|ArchiveClassesAtExit)=/;

/** Stands for everything about a child that its process takes in at its start, and nothing else. */
export function fingerprint(spec: ChildSpec): string {
  const { command, args, env, config = {}, cwd, uid, gid } = spec;
  const started = [command, settled(args), sorted(env), sorted(config), cwd, uid, gid];
  return createHash('sha256').update(JSON.stringify(started)).digest('hex');
}

/**
 * What makes a running process out of date, by name: variables, properties of its configuration file, or its command.
 * Values are left out, as some are secret.
 */
export function changedSettings(before: ChildSpec, now: ChildSpec): string[] {
  if (fingerprint(before) === fingerprint(now)) return [];
  const names = [
    ...changedNames(before.env, now.env),
    ...changedNames(before.config ?? {}, now.config ?? {}),
  ];
  return names.length > 0 ? names : ['its command'];
}

function changedNames(before: Record<string, string>, now: Record<string, string>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].filter((name) => before[name] !== now[name]).sort();
}

function settled(args: readonly string[]): string[] {
  return args.filter((arg) => !CLASS_DATA.test(arg));
}

function sorted(values: Record<string, string>): [string, string][] {
  return Object.entries(values).sort(([one], [other]) => (one < other ? -1 : 1));
}
