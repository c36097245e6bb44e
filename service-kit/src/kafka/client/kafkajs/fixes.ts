import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { endSilentConnections, forgetEndedSockets, resetConnections } from './connections.ts';
import { dropEmptyBatches } from './drop-empty-batches.ts';
import { fixBusyTimers } from './fix-busy-timers.ts';
import { fixCoordinatorLookup } from './fix-coordinator-lookup.ts';
import { markEarlierBatches } from './generations.ts';
import { useFetchSessions } from './use-fetch-sessions.ts';

const FIXED = Symbol.for('shelfcast.kafkajs-fixes');

/** Repairs faults of kafkajs 2.2.4 in place, once per process. */
export function fixKafkajs(): void {
  if (FIXED in RequestQueue) return;
  Object.defineProperty(RequestQueue, FIXED, { value: true });
  fixBusyTimers();
  fixCoordinatorLookup();
  dropEmptyBatches();
  markEarlierBatches();
  useFetchSessions();
  resetConnections();
  endSilentConnections();
  forgetEndedSockets();
}
