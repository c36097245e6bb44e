import type { StepEvent } from '../start/steps.ts';

/** `0.4 s`, `12.3 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return longDuration(ms);
}

/** Without fractions: `12 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function longDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3_600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3_600) % 24} h`;
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
