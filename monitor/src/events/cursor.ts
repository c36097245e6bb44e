import { Problem } from '@shelfcast/service-kit/http/problem';
import { z } from 'zod';
import { EARLIEST_US, LATEST_US } from '../reports/report-row.ts';

/** The last report of a page: the next one begins behind it. */
export interface PageCursor {
  readonly occurredUs: number;
  readonly eventId: string;
  readonly series: number;
  readonly reportKey: string;
}

/** What the database can have: a made-up cursor is refused as none. */
const text = z.string().regex(/^[^\0]*$/);
const shape = z.tuple([
  z.number().min(EARLIEST_US).max(LATEST_US),
  text,
  z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
  text,
]);

export function encodeCursor({ occurredUs, eventId, series, reportKey }: PageCursor): string {
  return Buffer.from(JSON.stringify([occurredUs, eventId, series, reportKey])).toString(
    'base64url',
  );
}

/** @throws {Problem} 400 for a text that `encodeCursor` did not make */
export function decodeCursor(text: string): PageCursor {
  try {
    const [occurredUs, eventId, series, reportKey] = shape.parse(
      JSON.parse(Buffer.from(text, 'base64url').toString()),
    );
    return { occurredUs, eventId, series, reportKey };
  } catch (cause) {
    throw new Problem('malformed', 'The cursor is none of an earlier page', { cause });
  }
}
