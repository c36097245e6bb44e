import type { Violation } from '../../lib/api/problem.ts';
import { isObject } from '../../lib/api/problem.ts';
import { faultOf, jsonOf } from '../../lib/contract/check.ts';
import type { ContractField } from '../../lib/contract/fields.ts';

export type Texts = Readonly<Record<string, string>>;

/** What the form begins with: the example that the producer API gives, or the fields' own. */
export function exampleTexts(fields: readonly ContractField[], example: unknown): Texts {
  const given = isObject(example) ? example : {};
  return Object.fromEntries(
    fields.map((field) => {
      const value = field.name in given ? given[field.name] : field.example;
      if (value === null || value === undefined) return [field.name, ''];
      return [field.name, typeof value === 'string' ? value : JSON.stringify(value)];
    }),
  );
}

export function emptyTexts(fields: readonly ContractField[]): Texts {
  return Object.fromEntries(fields.map(({ name }) => [name, '']));
}

/** Each field's fault, as a sentence; fields without one are left out. */
export function formFaults(fields: readonly ContractField[], texts: Texts): Texts {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const fault = faultOf(field, texts[field.name] ?? '');
      return fault === undefined ? [] : [[field.name, fault]];
    }),
  );
}

/** The body of `POST /events`, as JSON; exact decimals stay what was typed. */
export function eventText(topic: string, fields: readonly ContractField[], texts: Texts): string {
  const data = Object.fromEntries(
    fields.flatMap((field) => {
      const value = jsonOf(field, texts[field.name] ?? '');
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
  return JSON.stringify({ topic, data }, null, 2);
}

export interface ApiFaults {
  /** By field. */
  readonly fields: Texts;
  /** About the event as a whole, or what is no field of the form. */
  readonly others: readonly string[];
}

/** The producer API's violations, at the fields that their JSON pointers name. */
export function apiFaults(
  fields: readonly ContractField[],
  violations: readonly Violation[],
): ApiFaults {
  const own: Record<string, string> = {};
  const others: string[] = [];
  for (const { pointer, detail } of violations) {
    const [, root, name = ''] = pointer.split('/').map(unescaped);
    const isField = root === 'data' && fields.some((field) => field.name === name);
    if (isField) own[name] = name in own ? `${own[name]} ${sentence(detail)}` : sentence(detail);
    else others.push(`${pointer === '' ? 'The event' : pointer}: ${sentence(detail)}`);
  }
  return { fields: own, others };
}

/** A step of a JSON pointer (RFC 6901). */
function unescaped(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~');
}

function sentence(detail: string): string {
  return /[.!?]$/.test(detail) ? detail : `${detail}.`;
}

/** The same request for the terminal. */
export function asCurl(url: string, body: string, idempotencyKey: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl -i ${quoted(url)}`,
    `  -H 'content-type: application/json'`,
    `  -H ${quoted(`idempotency-key: ${idempotencyKey}`)}`,
    `  -d ${quoted(body)}`,
  ].join(' \\\n');
}

/** What the field takes, in a few words under it. */
export function fieldHint({ kind, scale, symbols, isOptional, isNullable }: ContractField): string {
  const words: Readonly<Partial<Record<ContractField['kind'], string>>> = {
    integer: 'whole number',
    long: 'whole number',
    decimal: scale === 0 ? 'number' : `exact number, ${scale} digits after the point`,
    number: 'number',
    boolean: 'true or false',
    enum: symbols.join(', '),
    instant: 'time with its zone',
    date: 'day',
    json: 'JSON',
  };
  return [words[kind] ?? '', isOptional || isNullable ? 'may be left empty' : '']
    .filter(Boolean)
    .join(', ');
}
