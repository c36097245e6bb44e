import { integer } from '@shelfcast/service-kit/settings';
import { z } from 'zod';

/** Settings of what browsers are told live. */
export const liveSettings = {
  /** Origins of pages that may call besides those served from this address, separated by commas. */
  ALLOWED_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine(
      (origins) => origins.every((one) => URL.canParse(one) && new URL(one).origin === one),
      'must be origins such as https://dashboard.example, separated by commas',
    ),
  /** Sockets that one process serves; others are refused. */
  LIVE_MAX_CLIENTS: integer({ min: 1, max: 100_000 }).prefault('1000'),
  /** Reports kept in memory for clients that were away for a moment; about 1 kB each. */
  LIVE_RECENT_REPORTS: integer({ min: 1, max: 1_000_000 }).prefault('10000'),
};
