import { PROBLEM_KINDS, type ProblemKind, problemType } from '@shelfcast/service-kit/http/problem';
import { z } from 'zod';
import { MAX_KEY_LENGTH } from '../publish/envelope.ts';
import { newTopicSchema, schemaChangeSchema, topicChangeSchema } from '../routes/topic-requests.ts';
import type { TopicContract } from '../topics/contract-cache.ts';
import { eventSchema, type JsonSchema } from './json-schema.ts';
import {
  audit,
  batchResult,
  schemas as describedSchemas,
  listedTopic,
  problem,
  receipt,
} from './responses.ts';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const json = (schema: JsonSchema) => ({ 'application/json': { schema } });

export interface OpenApiOptions {
  readonly contracts: readonly TopicContract[];
  /** Whether callers need a token. */
  readonly secured: boolean;
}

/** The OpenAPI 3.1 document: the routes, and an event schema per topic, made from the same contracts as the checks. */
export function openApi({ contracts, secured }: OpenApiOptions): JsonSchema {
  const events = contracts.map(({ topic, shape }) => ({
    name: `event_${topic.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`,
    topic,
    shape,
  }));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Shelfcast producer API',
      version: '0.1.0',
      description:
        '202 means that the event and its report are durable in Kafka. Repeat a request that failed with the same Idempotency-Key: one event comes of it.',
    },
    ...(secured ? { security: [{ bearer: [] }] } : {}),
    paths: paths(),
    components: {
      ...(secured ? { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } } : {}),
      parameters: {
        topic: {
          name: 'topic',
          in: 'path',
          required: true,
          schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,249}$' },
        },
        idempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'Names the request: sending it again gives the answer of the first time.',
          schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
        },
      },
      schemas: {
        Event: { anyOf: events.map(({ name }) => ref(name)) },
        ...Object.fromEntries(
          events.map(({ name, topic, shape }) => [
            name,
            {
              type: 'object',
              properties: {
                topic: { const: topic },
                key: {
                  type: ['string', 'null'],
                  minLength: 1,
                  maxLength: MAX_KEY_LENGTH,
                  description:
                    shape.key === undefined ? 'The Kafka key.' : `Left out, or ${shape.key}.`,
                },
                data: eventSchema(shape),
              },
              required: ['topic', 'data'],
              additionalProperties: false,
            },
          ]),
        ),
        Receipt: receipt,
        BatchResult: batchResult,
        Topic: listedTopic,
        Schemas: describedSchemas,
        Audit: audit,
        Problem: problem,
        NewTopic: input(newTopicSchema),
        TopicChange: input(topicChangeSchema),
        SchemaChange: input(schemaChangeSchema),
      },
    },
  };
}

function paths(): JsonSchema {
  const key = [{ $ref: '#/components/parameters/idempotencyKey' }];
  const topic = [{ $ref: '#/components/parameters/topic' }];
  const writing: ProblemKind[] = [
    'malformed',
    'conflict',
    'too-large',
    'unsupported-media-type',
    'invalid',
  ];
  return {
    '/events': {
      post: {
        operationId: 'publishEvent',
        summary: 'Publish an event',
        parameters: key,
        requestBody: { required: true, content: json(ref('Event')) },
        responses: {
          202: {
            ...answer('Event and report are durable.', ref('Receipt')),
            links: linksOf('$response.body#/topic', ['getTopic', 'getSchemas']),
          },
          ...problems(...writing, 'unknown-topic'),
        },
      },
    },
    '/events/batch': {
      post: {
        operationId: 'publishBatch',
        summary: 'Publish several events, each with a fate of its own',
        parameters: key,
        requestBody: {
          required: true,
          content: json({ type: 'array', items: ref('Event'), minItems: 1, maxItems: 500 }),
        },
        responses: {
          202: answer('All are durable.', ref('BatchResult')),
          207: answer('Some are not; each says why.', ref('BatchResult')),
          ...problems(...writing),
        },
      },
    },
    '/topics': {
      get: {
        operationId: 'listTopics',
        summary: 'Every topic',
        responses: {
          200: answer('The topics by name.', {
            type: 'object',
            properties: { topics: { type: 'array', items: ref('Topic') } },
            required: ['topics'],
          }),
          ...problems(),
        },
      },
      post: {
        operationId: 'createTopic',
        summary: 'Create a topic with a schema; it can be published to at once',
        requestBody: { required: true, content: json(ref('NewTopic')) },
        responses: {
          201: { ...answer('It is there.', ref('Topic')), links: linksOf('$response.body#/name') },
          ...problems(...writing),
        },
      },
    },
    '/topics/{topic}': {
      parameters: topic,
      get: {
        operationId: 'getTopic',
        summary: 'One topic',
        responses: { 200: answer('The topic.', ref('Topic')), ...problems('unknown-topic') },
      },
      patch: {
        operationId: 'changeTopic',
        summary: 'Change retention, compatibility, or the partitions of a topic without keys',
        requestBody: { required: true, content: json(ref('TopicChange')) },
        responses: {
          200: answer('The topic as it is now.', ref('Topic')),
          ...problems(...writing, 'unknown-topic'),
        },
      },
      delete: {
        operationId: 'deleteTopic',
        summary: 'Delete a topic that no consumer reads',
        responses: {
          204: { description: 'It is gone.' },
          ...problems('unknown-topic', 'conflict'),
        },
      },
    },
    '/audit': {
      get: {
        operationId: 'listAudit',
        summary: 'What operators did to topics and schemas, the newest first',
        responses: { 200: answer('The newest 200.', ref('Audit')), ...problems() },
      },
    },
    '/schemas/{topic}': {
      parameters: topic,
      get: {
        operationId: 'getSchemas',
        summary: 'The versions of a topic’s schema, and an example',
        responses: {
          200: answer('The newest versions.', ref('Schemas')),
          ...problems('unknown-topic', 'invalid'),
        },
      },
      post: {
        operationId: 'changeSchema',
        summary: 'Add a version; refused, naming the field, when it would break readers',
        requestBody: { required: true, content: json(ref('SchemaChange')) },
        responses: {
          201: {
            ...answer('The version is there.', {
              type: 'object',
              properties: { topic: { type: 'string' }, version: { type: 'integer' } },
              required: ['topic', 'version'],
            }),
            links: linksOf('$response.body#/topic', ['getSchemas']),
          },
          ...problems(...writing, 'unknown-topic'),
        },
      },
    },
  };
}

function answer(description: string, schema: JsonSchema): JsonSchema {
  return { description, content: json(schema) };
}

const OF_TOPIC = ['getTopic', 'changeTopic', 'deleteTopic', 'getSchemas', 'changeSchema'];

/** What can be asked next of the topic that an answer names. */
function linksOf(topic: string, operations: readonly string[] = OF_TOPIC): JsonSchema {
  return Object.fromEntries(
    operations.map((operationId) => [operationId, { operationId, parameters: { topic } }]),
  );
}

/** The failures of a route, with those that every route has. */
function problems(...kinds: ProblemKind[]): JsonSchema {
  const all: ProblemKind[] = [
    ...kinds,
    'unauthenticated',
    'forbidden',
    'rate-limited',
    'unavailable',
  ];
  return Object.fromEntries(
    all.map((kind) => [
      PROBLEM_KINDS[kind].status,
      {
        description: `${PROBLEM_KINDS[kind].title} (${problemType(kind)}).`,
        content: { 'application/problem+json': { schema: ref('Problem') } },
      },
    ]),
  );
}

function input(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
