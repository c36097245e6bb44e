import { messageOf } from '@shelfcast/service-kit/message-of';
/** One named thing a start does. It begins once those named in `after` are done; the others run beside it. */
export type Step = {
  name: string;
  title: string;
  after: readonly string[];
  /** Resolves with what is worth saying about it, if anything; may end early once `failed` says that another one failed. */
  run: (report: (line: string) => void, failed: AbortSignal) => Promise<string | undefined>;
};

/** What the display of the progress is told. */
export type StepEvent =
  | { type: 'planned'; steps: readonly Step[] }
  | { type: 'started'; step: Step }
  | { type: 'progress'; step: Step; line: string }
  | { type: 'done'; step: Step; elapsedMs: number; note: string | undefined }
  | { type: 'failed'; step: Step; elapsedMs: number; error: unknown }
  /** Not begun or given up, because another one failed. */
  | { type: 'skipped'; step: Step };

/** A step that failed, with the step's title; `cause` is the reason. */
export class StepError extends Error {
  readonly code = 'STEP_FAILED';
  readonly step: string;
  constructor(step: Step, cause: unknown) {
    super(`${step.title}: ${messageOf(cause)}`, { cause });
    this.name = 'StepError';
    this.step = step.name;
  }
}

/**
 * Runs the steps, each as soon as those before it are done. After a failure nothing new begins; what already runs
 * is told, and waited for, so that nothing goes on in the background.
 * @throws {StepError} of the step that failed first
 */
export async function runSteps(
  steps: readonly Step[],
  listener: (event: StepEvent) => void,
): Promise<void> {
  const finished = new Map<string, Promise<void>>();
  let failure: StepError | undefined;
  const failed = new AbortController();
  listener({ type: 'planned', steps });
  for (const step of steps) {
    const before = step.after.map((name) => {
      const earlier = finished.get(name);
      if (!earlier)
        throw new RangeError(`step "${step.name}" waits for "${name}", which is not before it`);
      return earlier;
    });
    finished.set(
      step.name,
      Promise.all(before).then(async () => {
        if (failure) return listener({ type: 'skipped', step });
        const startedAtMs = Date.now();
        listener({ type: 'started', step });
        try {
          const note = await step.run(
            (line) => listener({ type: 'progress', step, line }),
            failed.signal,
          );
          listener({ type: 'done', step, elapsedMs: Date.now() - startedAtMs, note });
        } catch (error) {
          if (failure && error === failed.signal.reason) return listener({ type: 'skipped', step });
          failure ??= new StepError(step, error);
          failed.abort();
          listener({ type: 'failed', step, elapsedMs: Date.now() - startedAtMs, error });
        }
      }),
    );
  }
  await Promise.all(finished.values());
  if (failure) throw failure;
}
