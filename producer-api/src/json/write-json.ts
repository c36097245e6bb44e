import { JsonNumber, type JsonValue } from './parse-json.ts';

/** The JSON text of a parsed value; numbers keep the digits they were written with. */
export function writeJson(value: JsonValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof JsonNumber) return value.text;
  if (value instanceof Map) {
    const members = [...value].map(
      ([name, member]) => `${JSON.stringify(name)}:${writeJson(member)}`,
    );
    return `{${members.join(',')}}`;
  }
  return `[${[...value.values()].map(writeJson).join(',')}]`;
}
