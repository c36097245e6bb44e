const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes for people: `512 bytes`, `16 MiB`, `1.5 GiB`. */
export function size(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

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
