import { RESERVED_WORDS } from './reserved-words.ts';

/** What a new consumer is called, and what it reads. */
export interface NewConsumer {
  /** Also its folder, Kafka group, database schema and test. */
  readonly name: string;
  /** Table of the product database, with its schema. */
  readonly table: string;
  /** The table's column that the template keeps. */
  readonly column: string;
}

/** What was asked for cannot be made; the message is a sentence for the person who asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

const IDENTIFIER = /^[a-z][a-z0-9_]*$/;
/** A Postgres identifier has 63 bytes at most, and the names of prepared statements begin with this one. */
const MAX_LENGTH = 40;
/** Schemas of the consumers' database that are not a consumer's. */
const TAKEN_SCHEMAS = ['runtime', 'public', 'graphile_worker', 'information_schema'];
/** What the template's modules and effects have names for themselves. */
const TEMPLATE_CONSTANTS = [
  ...['apply', 'assert', 'changesOf', 'decide', 'defineConsumer', 'items', 'openConsumerHarness'],
  ...['suite', 'test', 'truncate'],
];
const TEMPLATE_PROPERTIES = ['key', 'kind', 'changedAt', 'changedAtUs'];

/**
 * Checks names before anything is made of them.
 * @throws {Refusal}
 */
export function newConsumer(given: {
  readonly name: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
}): NewConsumer {
  const { name = '', table = 'public.products', column = 'name' } = given;
  if (name === '') throw new Refusal('A name is needed: make consumer NAME=reviews');
  assertIdentifier('NAME', name);
  if (TAKEN_SCHEMAS.includes(name) || name.startsWith('pg_')) {
    throw new Refusal(`NAME=${name} is the name of a database schema that is in use.`);
  }
  assertFree('NAME', name, TEMPLATE_CONSTANTS);
  const parts = table.split('.');
  if (parts.length !== 2 || !parts.every((part) => IDENTIFIER.test(part))) {
    throw new Refusal(`TABLE=${table} must be a table with its schema, such as public.products.`);
  }
  assertIdentifier('COLUMN', column);
  assertFree('COLUMN', column, TEMPLATE_PROPERTIES);
  return { name, table, column };
}

/** `stock_watch` → `stockWatch` */
export function camelCase(name: string): string {
  return name
    .replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/_+$/, '');
}

function assertIdentifier(what: string, text: string): void {
  if (IDENTIFIER.test(text) && text.length <= MAX_LENGTH) return;
  throw new Refusal(
    `${what}=${text} must be a lower-case letter, then at most ${MAX_LENGTH - 1} lower-case letters, digits and underscores.`,
  );
}

function assertFree(what: string, text: string, used: readonly string[]): void {
  const identifier = camelCase(text);
  const reserved = RESERVED_WORDS.has(text) || RESERVED_WORDS.has(identifier);
  if (!reserved && !used.includes(identifier)) return;
  throw new Refusal(
    `${what}=${text} is a word that SQL, TypeScript or the template has a use for.`,
  );
}
