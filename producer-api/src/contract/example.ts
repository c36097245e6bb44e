import type { FieldShape, RecordShape, Shape } from './shape.ts';

/** An event of the topic as JSON text: declared examples where there are some, else values that pass the check. */
export function exampleText(shape: RecordShape): string {
  const members = shape.fields.map((field) => `${JSON.stringify(field.name)}:${fieldText(field)}`);
  return `{${members.join(',')}}`;
}

function fieldText({ shape, exampleText: declared, defaultText }: FieldShape): string {
  if (declared !== undefined) return declared;
  return shape.kind === 'nullable' && defaultText === 'null' ? 'null' : valueText(shape);
}

function valueText(shape: Shape): string {
  switch (shape.kind) {
    case 'boolean':
      return 'true';
    case 'string':
      return JSON.stringify(
        shape.uuid
          ? '0190a5f0-0000-7000-8000-000000000000'
          : 'text'.padEnd(shape.minLength, 'x').slice(0, shape.maxLength),
      );
    case 'integer':
    case 'float':
      return wholeWithin(shape.bounds);
    case 'decimal':
      return JSON.stringify(wholeWithin(shape.bounds));
    case 'instant':
      return '"2026-01-31T12:00:00Z"';
    case 'date':
      return '"2026-01-31"';
    case 'bytes':
      return JSON.stringify(Buffer.alloc(shape.size ?? 0).toString('base64'));
    case 'enum':
      return JSON.stringify(shape.symbols[0]);
    case 'array':
      return `[${valueText(shape.items)}]`;
    case 'map':
      return `{"name":${valueText(shape.values)}}`;
    case 'nullable':
      return valueText(shape.of);
    case 'record':
      return exampleText(shape);
  }
}

function wholeWithin({
  minimum,
  exclusiveMinimum,
  maximum,
  exclusiveMaximum,
}: {
  readonly minimum?: string;
  readonly exclusiveMinimum?: string;
  readonly maximum?: string;
  readonly exclusiveMaximum?: string;
}): string {
  const least = Math.ceil(Math.max(Number(minimum ?? 0), Number(exclusiveMinimum ?? -1) + 1, 0));
  if (least <= Number(maximum ?? least) && least < Number(exclusiveMaximum ?? least + 1))
    return `${least}`;
  return maximum ?? `${Math.floor(Number(exclusiveMaximum) - 1)}`;
}
