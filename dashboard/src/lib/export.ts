/** A column of an exported list. */
export interface ExportColumn<Row> {
  readonly name: string;
  readonly value: (row: Row) => string | number | boolean | null | undefined;
}

/** A list as CSV (RFC 4180), with a first line of names. */
export function toCsv<Row>(rows: readonly Row[], columns: readonly ExportColumn<Row>[]): string {
  const lines = [columns.map(({ name }) => cell(name))];
  for (const row of rows) lines.push(columns.map(({ value }) => cell(value(row))));
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** The same as JSON: a list of objects. */
export function toJson<Row>(rows: readonly Row[], columns: readonly ExportColumn<Row>[]): string {
  const items = rows.map((row) =>
    Object.fromEntries(columns.map(({ name, value }) => [name, value(row) ?? null])),
  );
  return `${JSON.stringify(items, null, 2)}\n`;
}

/** Text that spreadsheets would take for a formula gets an apostrophe in front; numbers stay numbers. */
function cell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  const given = `${value}`;
  const isFormula = typeof value === 'string' && /^[=+\-@\t\r]/.test(given) && !isNumber(given);
  const text = isFormula ? `'${given}` : given;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
