import { printParseErrorCode, visit } from 'jsonc-parser';

/** A number as it was written: a double would lose digits above 2^53 and after the point. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Members by name, in the order written. A Map, so that no name (`__proto__`) means anything to JavaScript. */
export type JsonObject = ReadonlyMap<string, JsonValue>;
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export interface JsonLimits {
  /** Objects and arrays inside one another. */
  readonly maxDepth: number;
  /** Members of objects and items of arrays, all together. */
  readonly maxValues: number;
}

export const DEFAULT_JSON_LIMITS: JsonLimits = { maxDepth: 32, maxValues: 50_000 };

/** The bytes are not one JSON text, or one beyond the limits of any honest sender. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
  readonly code = 'MALFORMED_JSON';
  readonly retriable = false;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads one JSON text (RFC 8259) without losing anything: numbers keep their digits, and what parsers
 * disagree on is refused instead of guessed at: names given twice, invalid UTF-8, lone surrogates.
 * @throws {JsonError} saying what is wrong and where
 */
export function parseJson(
  bytes: Uint8Array,
  { maxDepth, maxValues }: JsonLimits = DEFAULT_JSON_LIMITS,
): JsonValue {
  const text = decodeUtf8(bytes);
  const open: (JsonValue[] | Map<string, JsonValue>)[] = [];
  const names: string[] = [];
  let root: JsonValue | undefined;
  let values = 0;

  function place(value: JsonValue): void {
    values += 1;
    if (values > maxValues) throw new JsonError(`there are more than ${maxValues} values`);
    const parent = open.at(-1);
    if (parent === undefined) root = value;
    else if (parent instanceof Map) parent.set(names.pop() ?? '', value);
    else parent.push(value);
  }
  function enter(container: JsonValue[] | Map<string, JsonValue>): void {
    if (open.length === maxDepth)
      throw new JsonError(`it is nested deeper than ${maxDepth} levels`);
    place(container);
    open.push(container);
  }

  visit(
    text,
    {
      onObjectBegin: () => enter(new Map()),
      onArrayBegin: () => enter([]),
      onObjectEnd: () => void open.pop(),
      onArrayEnd: () => void open.pop(),
      onObjectProperty(name, _offset, _length, line, character) {
        const parent = open.at(-1);
        if (parent instanceof Map && parent.has(name)) {
          throw new JsonError(`${quote(name)} is given twice${at(line, character)}`);
        }
        refuseSurrogates(name, line, character);
        names.push(name);
      },
      onLiteralValue(value: unknown, offset, length, line, character) {
        if (typeof value === 'number') place(new JsonNumber(text.slice(offset, offset + length)));
        else if (typeof value === 'string') {
          refuseSurrogates(value, line, character);
          place(value);
        } else place(value === null ? null : value === true);
      },
      onError(error, _offset, _length, line, character) {
        throw new JsonError(`${printParseErrorCode(error)}${at(line, character)}`);
      },
    },
    { disallowComments: true },
  );
  if (root === undefined) throw new JsonError('there is no value');
  return root;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new JsonError('it is not valid UTF-8');
  }
}

function refuseSurrogates(text: string, line: number, character: number): void {
  if (LONE_SURROGATE.test(text)) {
    throw new JsonError(`half of a surrogate pair${at(line, character)}`);
  }
}

/** Lines and columns count from 1, as editors do. */
function at(line: number, character: number): string {
  return ` at line ${line + 1}, column ${character + 1}`;
}

/** A name for a message, however long it is. */
function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}
