import type { TopicSizes } from '@shelfcast/schemas/monitor/topics';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { Router } from 'express';
import { noQuery } from '../http/read-query.ts';
import { readTopicSizes } from './topic-sizes.ts';

/** However many look, the brokers are asked this often at most. */
const MAX_AGE_MS = 1_000;

/** GET /api/topics: how much each topic holds. */
export function topicRoutes({
  authorizer,
  admin,
  nowMs,
}: {
  readonly authorizer: Pick<Authorizer, 'require'>;
  readonly admin: Pick<KafkaAdmin, 'listTopics' | 'watermarks'>;
  readonly nowMs: () => number;
}): Router {
  let last: { readonly atMs: number; readonly answer: Promise<TopicSizes> } | undefined;

  function sizes(): Promise<TopicSizes> {
    const atMs = nowMs();
    if (last === undefined || atMs - last.atMs >= MAX_AGE_MS) {
      last = { atMs, answer: readTopicSizes(admin).then((items) => ({ atMs, items })) };
    }
    return last.answer;
  }

  return Router().get(
    '/api/topics',
    authorizer.require('viewer'),
    noQuery,
    async (_request, response) => {
      response.json(await sizes());
    },
  );
}
