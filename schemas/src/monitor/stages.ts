import type { Stage } from '../generated/monitoring-event.ts';

/** Every step that is reported, in the order in which an event usually takes them. */
export const STAGES = [
  'captured',
  'published',
  'processed',
  'skipped',
  'failed',
  'parked',
  'deadLettered',
  'redriven',
  'discarded',
  'forwarded',
  'unknown',
] as const satisfies readonly Stage[];
