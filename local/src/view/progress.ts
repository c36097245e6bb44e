import { printable } from '@shelfcast/service-kit/process/print';
import type { StepEvent } from '../start/steps.ts';
import { doneLine, duration } from './format.ts';
import { spinners } from './spinners.ts';

/** Shows steps as they go; `finished` resolves once everything is drawn. */
export type ProgressView = { listener: (event: StepEvent) => void; finished: () => Promise<void> };

/** A terminal that does not know its width says 0. */
const MIN_COLUMNS = 40;

/** Steps with spinners on a terminal, plain lines elsewhere. */
export function progressView(stream: NodeJS.WriteStream): ProgressView {
  const canDraw = stream.isTTY && stream.columns >= MIN_COLUMNS;
  return canDraw ? spinners() : plainLines((line) => stream.write(`${line}\n`));
}

/** One line when a step ends, and one whenever it has something to say on the way. */
export function plainLines(write: (line: string) => void): ProgressView {
  return {
    listener: (event) => {
      if (event.type === 'progress') write(`  ... ${event.step.title}: ${printable(event.line)}`);
      if (event.type === 'done') write(`  ok  ${doneLine(event)}`);
      if (event.type === 'failed')
        write(`FAIL  ${event.step.title} (${duration(event.elapsedMs)})`);
    },
    finished: async () => {},
  };
}
