import type {
  SchemaRegistryTransport,
  SubjectCatalog,
} from '@shelfcast/schemas/registry/transport';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { ReadBody } from '@shelfcast/service-kit/http/body';
import { methodNotAllowed } from '@shelfcast/service-kit/http/method-not-allowed';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import { readRequest } from '../http/read-request.ts';
import { describeSchemas } from '../topics/describe-schemas.ts';
import { listTopics, type TopicSources } from '../topics/list-topics.ts';
import type { TopicsAdmin } from '../topics/topics-admin.ts';
import { newTopicSchema, schemaChangeSchema, topicChangeSchema } from './topic-requests.ts';

export interface TopicRoutesOptions extends TopicSources {
  readonly registry: Pick<SchemaRegistryTransport, 'compatibility'> & SubjectCatalog;
  readonly topicsAdmin: TopicsAdmin;
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly readBody: ReadBody;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: RequestHandler;
  readonly defaults: { readonly partitions: number; readonly retentionMs: number };
}

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_AUDIT = 200;
/** Topics and their schemas: everyone who may call sees them, operators change them. */
export function topicRoutes(options: TopicRoutesOptions): Router {
  const { topicsAdmin, authorizer, audit, readBody, turns, defaults, ...sources } = options;
  const viewer: RequestHandler[] = [authorizer.require('viewer'), turns];
  const asOperator = (handler: RequestHandler): RequestHandler[] => [
    authorizer.require('operator'),
    readBody(MAX_BODY_BYTES),
    handler,
  ];

  async function sendTopic(response: Response, name: string): Promise<void> {
    const [topic] = await listTopics(sources, [name]);
    if (topic === undefined) throw new Problem('unknown-topic', `There is no topic ${name}`);
    response.json(topic);
  }

  function recorded<T>(
    request: Request,
    action: 'topic.create' | 'topic.change' | 'topic.delete' | 'schema.add',
    target: string,
    wanted: object,
    work: () => Promise<T>,
  ): Promise<T> {
    const who = authorizer.callerOf(request).name;
    return audit.record({ who, action, target, request: wanted }, work);
  }

  return Router()
    .get('/audit', ...viewer, async (_request, response) => {
      response.json({ items: await audit.list({ limit: MAX_AUDIT }) });
    })
    .all('/audit', methodNotAllowed('GET'))
    .get('/topics', ...viewer, async (_request, response) => {
      response.json({ topics: await listTopics(sources) });
    })
    .get('/topics/:topic', ...viewer, (request, response) => sendTopic(response, topicOf(request)))
    .post(
      '/topics',
      asOperator(async (request, response) => {
        const wanted = readRequest(request, newTopicSchema);
        const made = await recorded(request, 'topic.create', wanted.name, wanted, () =>
          topicsAdmin.create({
            ...defaults,
            ...present(wanted),
            schemaText: JSON.stringify(wanted.schema),
          }),
        );
        response.status(201).setHeader('location', `/topics/${made.name}`).json(made);
      }),
    )
    .patch(
      '/topics/:topic',
      asOperator(async (request, response) => {
        const topic = topicOf(request);
        const wanted = readRequest(request, topicChangeSchema);
        await recorded(request, 'topic.change', topic, wanted, () =>
          topicsAdmin.change(topic, wanted),
        );
        await sendTopic(response, topicOf(request));
      }),
    )
    .delete(
      '/topics/:topic',
      asOperator(async (request, response) => {
        const topic = topicOf(request);
        await recorded(request, 'topic.delete', topic, {}, () => topicsAdmin.remove(topic));
        response.status(204).end();
      }),
    )
    .get('/schemas/:topic', ...viewer, async (request, response) => {
      const described = await describeSchemas(sources.registry, topicOf(request));
      if (described === undefined) {
        throw new Problem('unknown-topic', `There is no schema of ${topicOf(request)}`);
      }
      response.json(described);
    })
    .post(
      '/schemas/:topic',
      asOperator(async (request, response) => {
        const topic = topicOf(request);
        const wanted = readRequest(request, schemaChangeSchema);
        const version = await recorded(request, 'schema.add', topic, wanted, () =>
          topicsAdmin.changeSchema(topic, JSON.stringify(wanted.schema)),
        );
        response.status(201).json({ topic, version });
      }),
    )
    .all('/topics', methodNotAllowed('GET', 'POST'))
    .all('/topics/:topic', methodNotAllowed('GET', 'PATCH', 'DELETE'))
    .all('/schemas/:topic', methodNotAllowed('GET', 'POST'));
}

const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;

function topicOf({ params }: Request): string {
  const { topic } = params;
  if (typeof topic === 'string' && TOPIC_NAME.test(topic)) return topic;
  throw new Problem('unknown-topic', 'There is no topic of this name');
}

/** Members that were given: one that was left out must not hide a default. */
function present(wanted: z.output<typeof newTopicSchema>) {
  const { name, compatibility, partitions, retentionMs } = wanted;
  return {
    name,
    compatibility,
    ...(partitions === undefined ? {} : { partitions }),
    ...(retentionMs === undefined ? {} : { retentionMs }),
  };
}
