/** Escapes of JSON that mean something else in an array of Postgres, where a backslash stands for what follows it. */
const OTHER_ESCAPE = /\\[bfnrtu]/;

/**
 * Values as Postgres reads an array, `{"a",null,1}`. JSON is written the same way but for control characters, and by
 * the engine itself, several times as quickly as an array is by the Postgres client.
 * @returns the text; or the values as they are, for the client to write, where there is such a character
 */
export function arrayLiteral(
  values: readonly (string | number | null)[],
): string | readonly (string | number | null)[] {
  const json = JSON.stringify(values);
  return OTHER_ESCAPE.test(json) ? values : `{${json.slice(1, -1)}}`;
}
