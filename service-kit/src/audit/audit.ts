import type { Pool } from 'pg';
import { messageOf } from '../message-of.ts';
import type { MigrationSet } from '../postgres/migrations.ts';
import type { Logger } from '../process/logging.ts';

/** What a person wants done. */
export interface Deed {
  readonly who: string;
  /** `redrive`, `connector.restart`, `topic.create`, … */
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
  record<T>(deed: Deed, work: () => Promise<T>): Promise<T>;
  /** The newest first; of what is long, how long it is. */
  list(query: AuditQuery): Promise<AuditRecord[]>;
}

export interface AuditOptions {
  readonly pool: Pick<Pool, 'query'>;
  /** Postgres schema that `auditMigrations` were applied to. */
  readonly schema: string;
  readonly log: Logger;
}

/** Characters of a request or a result that a list shows: a list of hundreds is to stay small. */
const MAX_SHOWN = 20_000;
const ISO = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';

/** The tables of an audit in a schema; applied before the service's own migrations. */
export function auditMigrations(schema: string): MigrationSet {
  return {
    schema,
    directory: new URL('../../src/audit/migrations', import.meta.url),
    searchPath: [schema],
    table: 'audit_migrations',
  };
}

export function createAudit({ pool, schema, log }: AuditOptions): Audit {
  async function end(id: string, outcome: 'done' | 'failed', result: unknown): Promise<void> {
    try {
      await pool.query(
        `insert into ${schema}.audit_outcomes (id, outcome, result) values ($1, $2, $3)`,
        [id, outcome, JSON.stringify(result)],
      );
    } catch (error) {
      // The caller still gets the outcome; the record stays `begun`.
      log.error({ error, id, outcome, result }, 'an outcome was not recorded');
    }
  }

  return {
    async record({ who, action, target, request }, work) {
      const { rows } = await pool.query<{ id: string }>(
        `insert into ${schema}.audit_deeds (who, action, target, request) values ($1, $2, $3, $4)
         returning id::text`,
        [who, action, target, JSON.stringify(request)],
      );
      const id = rows[0]?.id ?? '';
      log.info({ who, action, target, request, audit: id }, 'asked by a person');
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
        `select d.id::text, who, action, target, ${shown('request')}, coalesce(outcome, 'begun') as outcome, ${shown('result')},
                to_char(begun_at at time zone 'utc', '${ISO}') as "begunAt",
                to_char(ended_at at time zone 'utc', '${ISO}') as "endedAt"
         from ${schema}.audit_deeds d left join ${schema}.audit_outcomes o on o.id = d.id
         where ($1::text is null or who = $1) and ($2::text is null or action = $2)
           and ($3::bigint is null or d.id < $3)
         order by d.id desc limit $4`,
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

/** A column of JSON, or how much was left out. */
function shown(column: 'request' | 'result'): string {
  const omitted = `json_build_object('omitted', length(${column}::text) || ' characters')`;
  return `case when length(${column}::text) > ${MAX_SHOWN} then ${omitted}::text else ${column}::text end as ${column}`;
}
