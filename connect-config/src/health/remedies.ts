import { tableArgument } from '../table-name.ts';

/** The first few of a list, and how many more there are. */
export function few(items: readonly string[], limit = 5): string {
  const more = items.length - limit;
  return [...items.slice(0, limit), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** The make target that runs SQL on the products database. */
export function sqlOnProducts(sql: string): string {
  // Inside the shell's double quotes, these four mean something.
  return `make psql DB=products SQL="${sql.replaceAll(/["\\$`]/g, '\\$&')}"`;
}

/** Reads everything again: what heals a stream that lacks changes of any table. */
export const RESYNC =
  'YES=1 make resync   # reads every table again under a new epoch and removes what is gone';

/** Reads one table again and removes what is gone from the read models; the other tables go on. */
export function resyncTable(name: string): string {
  return `make resync ${tableArgument(name)}`;
}

/** Takes a table out; the other tables go on. */
export function removeTable(name: string): string {
  return `make connector-remove-table ${tableArgument(name)}`;
}

/** Captures a table, or completes what is missing of that. */
export function addTable(name: string): string {
  return `make connector-add-table ${tableArgument(name)}`;
}
