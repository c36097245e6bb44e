import { longDuration } from '@shelfcast/service-kit/format';
import type { StepEvent } from '../start/steps.ts';

/** `0.4 s`, `12.3 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return longDuration(ms);
}

/** Mebibytes without fractions. */
export function memory(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}

/** A share of one core: `3.5 %`. */
export function share(cores: number): string {
  return `${(cores * 100).toFixed(1)} %`;
}

/** A step that is done: its title, what there is to say about it, and how long it took. */
export function doneLine(event: Extract<StepEvent, { type: 'done' }>): string {
  const note = event.note ? `: ${event.note}` : '';
  return `${event.step.title}${note} (${duration(event.elapsedMs)})`;
}
