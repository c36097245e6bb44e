import { integer } from '@shelfcast/service-kit/config/settings';

/** Settings of what browsers are told live. */
export const liveSettings = {
  /** Sockets that one process serves; others are refused. */
  LIVE_MAX_CLIENTS: integer({ min: 1, max: 100_000 }).prefault('1000'),
  /** Reports kept in memory for clients that were away for a moment; about 1 kB each. */
  LIVE_RECENT_REPORTS: integer({ min: 1, max: 1_000_000 }).prefault('10000'),
};
