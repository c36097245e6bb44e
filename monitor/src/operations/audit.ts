import type { Logger } from '@shelfcast/service-kit/logging';
import { messageOf } from '@shelfcast/service-kit/message-of';
import type { Pool } from 'pg';

/** What somebody wants done. */
export interface Deed {
  readonly who: string;
  /** `redrive`, `consumer.pause`, `connector.restart`, … */
  readonly action: string;
  /** What it is done to: `catalogue`, `catalogue/123`, … */
  readonly target: string;
  readonly request: object;
}

export interface AuditRecord extends Deed {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly begunAt: string;
  readonly outcome: 'begun' | 'done' | 'failed';
  readonly result: unknown;
  readonly endedAt: string | null;
}

export interface AuditQuery {
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  /** Only those before this id. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Who did what, when, and what came of it. */
export interface Audit {
  /**
   * Does something, and keeps that it was done. Without a database that can keep it, it is not done.
   * @throws what `work` throws, and database errors before it was begun
   */
  record<T extends object>(deed: Deed, work: () => Promise<T>): Promise<T>;
  list(query: AuditQuery): Promise<AuditRecord[]>;
}

const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';

export function createAudit(pool: Pool, log: Logger): Audit {
  async function end(id: bigint, outcome: 'done' | 'failed', result: object): Promise<void> {
    try {
      await pool.query(
        'update monitoring.audit set outcome = $2, result = $3, ended_at = now() where id = $1',
        [String(id), outcome, JSON.stringify(result)],
      );
    } catch (error) {
      // It was done, or not; whoever asked is told. The record stays `begun`.
      log.error({ error, id: String(id), outcome, result }, 'an outcome was not recorded');
    }
  }

  return {
    async record({ who, action, target, request }, work) {
      const { rows } = await pool.query<{ id: bigint }>(
        'insert into monitoring.audit (who, action, target, request) values ($1, $2, $3, $4) returning id',
        [who, action, target, JSON.stringify(request)],
      );
      const id = rows[0]?.id ?? 0n;
      log.info({ who, action, target, request, audit: String(id) }, 'asked by a person');
      try {
        const result = await work();
        await end(id, 'done', result);
        return result;
      } catch (error) {
        await end(id, 'failed', { error: messageOf(error) });
        throw error;
      }
    },
    async list({ who, action, before, limit }) {
      const { rows } = await pool.query<
        Omit<AuditRecord, 'request' | 'result'> & { request: string; result: string | null }
      >(
        `select id::text, who, action, target, request, outcome, result,
                to_char(begun_at at time zone 'utc', '${ISO}') as "begunAt",
                to_char(ended_at at time zone 'utc', '${ISO}') as "endedAt"
         from monitoring.audit a
         where ($1::text is null or who = $1) and ($2::text is null or action = $2)
           and ($3::bigint is null or id < $3)
         order by a.id desc limit $4`, // not the text of that name, of which 9 is above 10
        [who ?? null, action ?? null, before ?? null, limit],
      );
      return rows.map(({ request, result, ...row }) => ({
        ...row,
        request: JSON.parse(request),
        result: result === null ? null : JSON.parse(result),
      }));
    },
  };
}
