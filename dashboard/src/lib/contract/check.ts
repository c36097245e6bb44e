import type { ContractField } from './fields.ts';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;
const RANGES = {
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const;

/** What is wrong with a field's text, as a sentence; undefined: nothing, as far as one can see here. */
export function faultOf(field: ContractField, text: string): string | undefined {
  if (isLeftOut(field, text)) {
    return field.isOptional || field.isNullable ? undefined : `${field.name} is needed.`;
  }
  switch (field.kind) {
    case 'text':
      return lengthFault(field, text);
    case 'integer':
    case 'long': {
      if (!/^-?\d+$/.test(text)) return 'It has to be a whole number.';
      const [low, high] = RANGES[field.kind];
      const value = BigInt(text);
      if (value < low || value > high) return `It has to be between ${low} and ${high}.`;
      return boundFault(field, text);
    }
    case 'decimal': {
      if (!DECIMAL.test(text)) return 'It has to be a number such as 19.90.';
      const [whole = '', fraction = ''] = text.replace('-', '').split('.');
      if (fraction.length > field.scale) return describeScale(field);
      const digits = field.precision - field.scale;
      if (whole.replace(/^0+/, '').length > digits) {
        return `It has at most ${digits} digits before the point.`;
      }
      return boundFault(field, text);
    }
    case 'number':
      return Number.isFinite(Number(text)) ? undefined : 'It has to be a number.';
    case 'boolean':
      return text === 'true' || text === 'false' ? undefined : 'It is true or false.';
    case 'enum':
      return field.symbols.includes(text) ? undefined : `It is one of ${field.symbols.join(', ')}.`;
    case 'instant':
      return INSTANT.test(text) && !Number.isNaN(Date.parse(text))
        ? undefined
        : 'It has to be a time with its zone, such as 2026-02-01T00:00:00Z.';
    case 'date':
      return DATE.test(text) && !Number.isNaN(Date.parse(text))
        ? undefined
        : 'It has to be a day, such as 2026-02-01.';
    case 'json':
      return isJson(text) ? undefined : 'It has to be JSON, such as {"colour": "oak"}.';
    case 'other':
      return undefined;
  }
}

/** The field as JSON has it: exact decimals, 64-bit numbers and times as text. Undefined: it is left out. */
export function jsonOf(field: ContractField, text: string): unknown {
  if (isLeftOut(field, text)) return field.isOptional ? undefined : null;
  if (field.kind === 'integer' || field.kind === 'number') return Number(text);
  if (field.kind === 'boolean') return text === 'true';
  return text;
}

/** Only a text that may be empty is something when nothing was written. */
function isLeftOut({ kind, minLength, isNullable, isOptional }: ContractField, text: string) {
  return text === '' && (kind !== 'text' || minLength > 0 || isNullable || isOptional);
}

function lengthFault({ minLength, maxLength }: ContractField, text: string): string | undefined {
  const length = [...text].length;
  if (length < minLength) return `It has at least ${minLength} characters.`;
  if (maxLength !== undefined && length > maxLength) {
    return `It has at most ${maxLength} characters; these are ${length}.`;
  }
  return text.includes('\0') ? 'The character U+0000 is taken nowhere.' : undefined;
}

function boundFault(field: ContractField, text: string): string | undefined {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = field;
  if (minimum !== undefined && compareDecimals(text, minimum) < 0) {
    return `It has to be ${minimum} or more.`;
  }
  if (exclusiveMinimum !== undefined && compareDecimals(text, exclusiveMinimum) <= 0) {
    return `It has to be more than ${exclusiveMinimum}.`;
  }
  if (maximum !== undefined && compareDecimals(text, maximum) > 0) {
    return `It has to be ${maximum} or less.`;
  }
  if (exclusiveMaximum !== undefined && compareDecimals(text, exclusiveMaximum) >= 0) {
    return `It has to be less than ${exclusiveMaximum}.`;
  }
  return undefined;
}

function describeScale({ scale }: ContractField): string {
  if (scale === 0) return 'It has no digits after the point.';
  return `It has at most ${scale} ${scale === 1 ? 'digit' : 'digits'} after the point.`;
}

/** Below, at or above 0, as the first is less than, equal to or more than the other; digit by digit. */
export function compareDecimals(a: string, b: string): number {
  const scale = Math.max(fractionOf(a).length, fractionOf(b).length);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function fractionOf(text: string): string {
  return text.split('.')[1] ?? '';
}

function scaled(text: string, scale: number): bigint {
  const whole = text.replace('-', '').split('.')[0] ?? '0';
  const value = BigInt(whole + fractionOf(text).padEnd(scale, '0'));
  return text.startsWith('-') ? -value : value;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
