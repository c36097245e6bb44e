import type { JsonSchema } from './json-schema.ts';

/** JSON Schemas of what the API answers. */

const text = { type: 'string' };
const integer = { type: 'integer' };

export const receipt = object({
  id: {
    ...text,
    description:
      'The event’s id in Kafka, in reports and at consumers. A CloudEvent keeps its own id beside it.',
  },
  topic: text,
  partition: integer,
  offset: integer,
  timestamp: { ...text, format: 'date-time', description: 'When the broker appended it.' },
});

export const problem = object(
  {
    type: { ...text, format: 'uri' },
    title: text,
    status: integer,
    detail: text,
    violations: {
      type: 'array',
      items: object({
        pointer: { ...text, description: 'Where in the body (RFC 6901).' },
        code: text,
        detail: text,
      }),
    },
  },
  ['violations'],
);

export const batchResult = object({
  results: {
    type: 'array',
    items: {
      anyOf: [
        object({ status: { const: 202 }, ...receipt.properties }),
        object({ status: integer, problem }),
      ],
    },
  },
});

export const listedTopic = object({
  name: text,
  partitions: integer,
  replicationFactor: integer,
  retentionMs: { type: ['integer', 'null'], description: 'null: for ever.' },
  publishable: { type: 'boolean' },
  system: { type: 'boolean' },
});

export const audit = object({
  items: {
    type: 'array',
    items: object({
      id: text,
      who: text,
      action: { enum: ['topic.create', 'topic.change', 'topic.delete', 'schema.add'] },
      target: { ...text, description: 'The topic.' },
      request: { type: 'object' },
      outcome: {
        enum: ['begun', 'done', 'failed'],
        description: 'begun: what came of it is not known (yet).',
      },
      result: {},
      begunAt: { ...text, format: 'date-time' },
      endedAt: { type: ['string', 'null'], format: 'date-time' },
    }),
  },
});

export const schemas = object({
  topic: text,
  compatibility: { type: ['string', 'null'] },
  key: { type: ['string', 'null'] },
  versions: { type: 'array', items: object({ version: integer, schemaId: integer, schema: {} }) },
  example: {},
});

/** Every member is there but those named. */
function object(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
) {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
  };
}
