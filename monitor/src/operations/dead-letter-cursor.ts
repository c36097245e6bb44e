import type { DeadLetter } from '@shelfcast/consumers/operations/dead-letters';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { z } from 'zod';

/** The last dead letter of a page: the next one begins behind it. */
export type DeadLetterCursor = Pick<DeadLetter, 'parkedAt' | 'id'>;

const shape = z.tuple([
  // Postgres has no year 0.
  z.iso.datetime({ precision: 6 }).regex(/^(?!0000)/),
  z.string().regex(/^\d{1,18}$/),
]);

export function cursorAfter({ parkedAt, id }: DeadLetterCursor): string {
  return Buffer.from(JSON.stringify([parkedAt, id])).toString('base64url');
}

/** @throws {Problem} 400 for a text that `cursorAfter` did not make */
export function parseCursor(cursor: string): DeadLetterCursor {
  try {
    const [parkedAt, id] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { parkedAt, id };
  } catch (cause) {
    throw new Problem('malformed', 'The cursor is none of ours', { cause });
  }
}
