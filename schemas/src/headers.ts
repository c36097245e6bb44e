/** Kafka record headers as clients hand them out. A name that occurs more than once holds an array. */
export type RecordHeaders = Readonly<
  Record<string, HeaderValue | readonly HeaderValue[] | undefined>
>;

type HeaderValue = Uint8Array | string;

const utf8 = new TextDecoder();

/** Text of a header, or undefined when there is none. Of several with one name the last counts. */
export function headerText(headers: RecordHeaders, name: string): string | undefined {
  const value = headers[name];
  const last = isList(value) ? value.at(-1) : value;
  if (last === undefined || typeof last === 'string') return last;
  return utf8.decode(last);
}

function isList(value: RecordHeaders[string]): value is readonly HeaderValue[] {
  return Array.isArray(value);
}
