import { z } from 'zod';
import { LocalError } from '../errors.ts';
import { readIfPresent, writeFileAtomically } from '../files.ts';
import type { LocalSettings } from '../settings.ts';
import { runFiles } from '../supervisor/state.ts';

const remembered = z.object({
  portOffset: z.number(),
  brokers: z.number(),
  ports: z.object({
    postgres: z.number(),
    kafka: z.array(z.number()),
    controllers: z.array(z.number()),
    registry: z.number(),
    connect: z.number(),
    consumers: z.number(),
    producerApi: z.number(),
    captureReports: z.number(),
    monitor: z.number(),
    dashboard: z.number(),
  }),
  owner: z.object({ user: z.string(), password: z.string() }),
});

/** How the stack in a state folder was last started, so that `make status` needs no PORT_OFFSET to find it. */
export type Remembered = z.infer<typeof remembered>;

/** What was kept by the last start; undefined when there was none. */
export function recallStack(stateDir: string): Remembered | undefined {
  const text = readIfPresent(runFiles(stateDir).stack);
  return text === undefined ? undefined : remembered.safeParse(JSON.parse(text)).data;
}

/** Settings with the ports and credentials of the stack as it was last started, if it was. */
export function asRemembered(settings: LocalSettings): LocalSettings {
  return { ...settings, ...recallStack(settings.stateDir) };
}

/**
 * Keeps how the stack is started.
 * @throws {LocalError} `RUNNING_OTHERWISE` when it already runs, but on other ports or with another number of brokers
 */
export function rememberStack(settings: LocalSettings, isUp: boolean): void {
  const now = remembered.parse(settings);
  const before = recallStack(settings.stateDir);
  if (isUp && before && JSON.stringify(before) !== JSON.stringify(now)) {
    throw new LocalError(
      'RUNNING_OTHERWISE',
      `The stack is up with PORT_OFFSET=${before.portOffset}, BROKERS=${before.brokers} and Postgres on port ${before.ports.postgres}; ` +
        `${otherwise(before, now).join(', ')} changed: "make stop" and "make start".`,
    );
  }
  writeFileAtomically(runFiles(settings.stateDir).stack, JSON.stringify(now, null, 2));
}

/** The settings whose change needs everything to end first. */
function otherwise(before: Remembered, now: Remembered): string[] {
  const settings: [string, unknown, unknown][] = [
    ['PORT_OFFSET', before.portOffset, now.portOffset],
    ['BROKERS', before.brokers, now.brokers],
    ['DATABASE_USER', before.owner.user, now.owner.user],
    ['DATABASE_PASSWORD', before.owner.password, now.owner.password],
    ['ports', before.ports, now.ports],
  ];
  return settings
    .filter(([, one, other]) => JSON.stringify(one) !== JSON.stringify(other))
    .map(([name]) => name);
}
