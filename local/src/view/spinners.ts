import { printable } from '@shelfcast/service-kit/process/print';
import { Listr, type ListrTask } from 'listr2';
import type { Step, StepEvent } from '../start/steps.ts';
import { doneLine } from './format.ts';
import type { ProgressView } from './progress.ts';

/**
 * Steps with spinners. listr2 only draws: the steps run elsewhere, and each of its tasks waits for the events of one.
 */
export function spinners(): ProgressView {
  const rows = new Map<string, Row>();
  let drawn: Promise<unknown> = Promise.resolve();
  return {
    listener: (event) => {
      if (event.type !== 'planned') return rows.get(event.step.name)?.on(event);
      const fresh = event.steps.map((step) => new Row(step));
      for (const row of fresh) rows.set(row.step.name, row);
      // A second list is drawn below the first, once that one is complete.
      drawn = drawn.then(() =>
        new Listr(
          fresh.map((row) => row.task()),
          { concurrent: true, exitOnError: false },
        ).run(),
      );
    },
    finished: async () => {
      await drawn;
    },
  };
}

/** One step on the screen. Events may come before listr2 asks for the row. */
class Row {
  readonly step: Step;
  #outcome: StepEvent | undefined;
  #line = '';
  #changed: () => void = () => {};

  constructor(step: Step) {
    this.step = step;
  }

  on(event: Exclude<StepEvent, { type: 'planned' }>): void {
    if (event.type === 'progress') this.#line = event.line;
    else if (event.type !== 'started') this.#outcome = event;
    this.#changed();
  }

  task(): ListrTask {
    return {
      title: this.step.title,
      task: async (_, row) => {
        while (!this.#outcome) {
          if (this.#line) row.output = printable(this.#line);
          await new Promise<void>((resolve) => {
            this.#changed = resolve;
          });
        }
        if (this.#outcome.type === 'done') row.title = doneLine(this.#outcome);
        if (this.#outcome.type === 'skipped') row.skip();
        if (this.#outcome.type === 'failed') throw this.#outcome.error;
      },
    };
  }
}
