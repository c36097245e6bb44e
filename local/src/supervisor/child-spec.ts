import { z } from 'zod';

/** One long-lived process of a stack, as the supervisor needs it. Environment and user come on top of its own. */
export const childSpec = z.object({
  /** Unique in the stack; what `make logs SERVICE=` and `make status` call it. */
  name: z.string(),
  command: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  /** What its configuration file says; it counts as the environment does. */
  config: z.record(z.string(), z.string()).optional(),
  cwd: z.string(),
  /** Only when the process must run as another user than the supervisor. */
  uid: z.number().optional(),
  gid: z.number().optional(),
  logFile: z.string(),
  /** How it is asked to end, and how long it may take before it is killed. */
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  stopTimeoutMs: z.number(),
});

export type ChildSpec = z.infer<typeof childSpec>;

/** What should run, in the order in which it is started; it ends in reverse. */
export const desiredState = z.object({ children: z.array(childSpec) });

export type DesiredState = z.infer<typeof desiredState>;
