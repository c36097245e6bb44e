import Table from 'cli-table3';

/** Takes one line about what goes on. */
export type Log = (line: string) => void;

/** A table without colours; numbers are to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const view = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
  });
  for (const row of rows) view.push([...row]);
  return view.toString();
}

export function ms(microseconds: number): string {
  return (microseconds / 1000).toFixed(2);
}

export function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

export function mib(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}
