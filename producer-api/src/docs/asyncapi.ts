import type { TopicContract } from '../topics/contract-cache.ts';
import { eventSchema, type JsonSchema } from './json-schema.ts';

/** The AsyncAPI 3 document: a channel per topic, with its Avro schema and an example. */
export function asyncApi(contracts: readonly TopicContract[]): JsonSchema {
  const operations = contracts.map(({ topic }) => [
    `receive_${topic}`,
    { action: 'receive', channel: { $ref: `#/channels/${pointer(topic)}` } },
  ]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Shelfcast events',
      version: '0.1.0',
      description:
        'Values are Avro in the Confluent wire format; headers are those of CloudEvents in binary mode.',
    },
    defaultContentType: 'application/vnd.apache.avro',
    channels: Object.fromEntries(contracts.map((contract) => [contract.topic, channel(contract)])),
    operations: Object.fromEntries(operations),
  };
}

function channel({ topic, shape, schemaText, version }: TopicContract): JsonSchema {
  const { examples } = eventSchema(shape);
  const [payload] = Array.isArray(examples) ? examples : [];
  return {
    address: topic,
    ...(shape.doc === undefined ? {} : { description: shape.doc }),
    messages: {
      [shape.name]: {
        name: shape.name,
        title: `${shape.name}, version ${version}`,
        headers: HEADERS,
        payload: {
          schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0',
          schema: JSON.parse(schemaText),
        },
        examples: [{ payload }],
        bindings: {
          kafka: {
            key: { type: shape.key === undefined ? ['string', 'null'] : 'string' },
            bindingVersion: '0.5.0',
          },
        },
      },
    },
  };
}

const HEADERS = {
  type: 'object',
  properties: Object.fromEntries(
    [
      ...['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time'],
      ...['ce_sourceid', 'ce_sourcetime', 'traceparent'],
    ].map((name) => [name, { type: 'string' }]),
  ),
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time'],
};

function pointer(topic: string): string {
  return topic.replaceAll('~', '~0').replaceAll('/', '~1');
}
