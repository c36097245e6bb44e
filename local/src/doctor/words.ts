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
