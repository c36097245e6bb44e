import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import { milliseconds } from '../../lib/format.ts';
import type { FeedRow, StepState } from '../../lib/live/feed.ts';
import { describeUnknown, knownValue, type Loaded, type Unknown } from '../../lib/loaded.ts';

/** Consumers by the topic that they read. */
export type Readers = ReadonlyMap<string, readonly string[]>;

/** A step of a change, as the strip draws it. */
export interface StripCell {
  readonly service: string;
  /** `asked`, `unknown`: which other consumers there are is not known yet, or could not be asked. */
  readonly state: StepState | 'origin' | 'open' | 'asked' | 'unknown';
  /** `pricing: failed` */
  readonly summary: string;
}

const WORDS: Readonly<Record<StepState | 'open', string>> = {
  done: 'done',
  skipped: 'nothing to do',
  failed: 'failed, tried again',
  parked: 'waits',
  deadLettered: 'dead letter',
  discarded: 'discarded',
  open: 'not yet',
};

/** Groups of ours that read topics, and are no consumers. */
const NO_CONSUMERS = new Set(['capture-reports', 'monitor']);

/** Which consumers read which topic, of the lag. */
export function consumersByTopic(lag: Lag): Readers {
  const readers = new Map<string, string[]>();
  for (const { topic, service } of lag.partitions) {
    if (NO_CONSUMERS.has(service)) continue;
    const of = readers.get(topic) ?? [];
    if (!of.includes(service)) readers.set(topic, [...of, service].sort());
  }
  return readers;
}

/** The strip of a change: its origin, and each consumer that reads its topic or has reported. */
export function stripOf({ origin, steps, topic }: FeedRow, readers: Loaded<Readers>): StripCell[] {
  const reading = knownValue(readers)?.get(topic) ?? [];
  const services = [...new Set([...reading, ...Object.keys(steps)])].sort();
  return [
    {
      service: origin === 'published' ? 'producer API' : 'capture',
      state: origin === undefined ? 'open' : 'origin',
      summary: origin ?? 'captured: not known',
    },
    ...services.map((service): StripCell => {
      const state = steps[service] ?? 'open';
      return { service, state, summary: `${service}: ${WORDS[state]}` };
    }),
    ...(readers.name === 'value' ? [] : [unknownCell(readers)]),
  ];
}

/** Who else has to handle it. */
function unknownCell(of: Unknown): StripCell {
  const state = of.name === 'loading' ? 'asked' : 'unknown';
  return { service: '', state, summary: `other consumers: ${describeUnknown(of)}` };
}

/** How a change stands, in a word or a figure: its latency once everybody is through. */
export function outcomeOf(
  row: FeedRow,
  cells: readonly StripCell[],
): { readonly text: string; readonly kind: 'plain' | 'open' | 'warn' | 'bad' } {
  const has = (...states: readonly StripCell['state'][]): boolean =>
    cells.some(({ state }) => states.includes(state));
  if (has('deadLettered')) return { text: 'dead letter', kind: 'bad' };
  if (has('failed')) return { text: 'retrying', kind: 'bad' };
  if (has('parked')) return { text: 'waits', kind: 'warn' };
  if (has('asked', 'unknown') || cells.slice(1).some(({ state }) => state === 'open')) {
    return { text: '…', kind: 'open' };
  }
  if (cells.length === 1) return { text: 'no consumer', kind: 'open' };
  if (row.latencyMs === null) return { text: has('discarded') ? 'discarded' : '–', kind: 'open' };
  return { text: milliseconds(row.latencyMs), kind: 'plain' };
}
