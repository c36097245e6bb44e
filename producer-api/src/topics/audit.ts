import type { Logger } from '@shelfcast/service-kit/logging';
import { messageOf } from '@shelfcast/service-kit/message-of';
import type { Pool } from 'pg';

/** What an operator wants done to a topic or its schema. */
export interface TopicDeed {
  readonly who: string;
  readonly action: 'topic.create' | 'topic.change' | 'topic.delete' | 'schema.add';
  readonly topic: string;
  readonly request: object;
}

/** Who did what to which topic, when, and what came of it; the newest first. */
export interface TopicAudit {
  /**
   * Does something, and keeps that it was done. Without a database that can keep it, it is not done.
   * @throws what `work` throws, and database errors before it was begun
   */
  record<T>(deed: TopicDeed, work: () => Promise<T>): Promise<T>;
  list(limit: number): Promise<TopicAuditRecord[]>;
}

export interface TopicAuditRecord extends TopicDeed {
  readonly id: string;
  readonly begunAt: Date;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly error: string | null;
}

export function createTopicAudit(pool: Pool, log: Logger): TopicAudit {
  async function end(id: bigint, outcome: 'done' | 'failed', error: string | null): Promise<void> {
    try {
      await pool.query(
        'update producer.audit set outcome = $2, error = $3, ended_at = now() where id = $1',
        [String(id), outcome, error],
      );
    } catch (cause) {
      log.error({ error: cause, id: String(id), outcome }, 'an outcome was not recorded');
    }
  }

  return {
    async record({ who, action, topic, request }, work) {
      const { rows } = await pool.query<{ id: bigint }>(
        'insert into producer.audit (who, action, topic, request) values ($1, $2, $3, $4) returning id',
        [who, action, topic, JSON.stringify(request)],
      );
      const id = rows[0]?.id ?? 0n;
      log.info({ who, action, topic, request, audit: String(id) }, 'asked by a person');
      try {
        const result = await work();
        await end(id, 'done', null);
        return result;
      } catch (error) {
        await end(id, 'failed', messageOf(error));
        throw error;
      }
    },
    async list(limit) {
      const { rows } = await pool.query<Omit<TopicAuditRecord, 'request'> & { request: string }>(
        `select id::text, begun_at as "begunAt", who, action, topic, request::text, outcome, error
         from producer.audit a order by a.id desc limit $1`,
        [limit],
      );
      return rows.map(({ request, ...row }) => ({ ...row, request: JSON.parse(request) }));
    },
  };
}
