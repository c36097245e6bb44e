import { z } from 'zod';

const MASK = '•••';

/** Names of fields and columns whose values are shown to operators only, separated by commas. */
export const maskedFields = () =>
  z
    .string()
    .default('')
    .transform(
      (text): ReadonlySet<string> =>
        new Set(
          text
            .split(',')
            .map((name) => name.trim())
            .filter(Boolean),
        ),
    );

/** A row in which the values of masked fields are not shown; a null stays one. */
export function masked<T>(row: T, fields: ReadonlySet<string>): T | Record<string, unknown> {
  if (typeof row !== 'object' || row === null || fields.size === 0) return row;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      fields.has(name) && value !== null ? MASK : value,
    ]),
  );
}
