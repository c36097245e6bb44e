import type { Alert } from '@shelfcast/schemas/monitor/live';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Pool, PoolClient } from 'pg';
import type { Condition, Judgement } from './alert.ts';
import type { HoldDown } from './hold-down.ts';
import { runbookSection } from './runbook.ts';

/** What fires and what fired lately, kept in the monitoring database. */
export interface AlertStore {
  /** What fires first, then what was resolved, the newest first. */
  list(): Promise<Alert[]>;
  /** Writes down what began and ended, and what the webhook is told of it. Only the leader does. */
  update(judgement: Judgement, holdDown: HoldDown): Promise<void>;
}

interface AlertRow extends Omit<Alert, 'runbook' | 'sinceMs' | 'resolvedAtMs'> {
  readonly since_ms: number;
  readonly resolved_at_ms: number | null;
}

const SELECT = `select name, subject, severity, state, summary, remedy,
  extract(epoch from since)::float8 * 1000 as since_ms,
  extract(epoch from resolved_at)::float8 * 1000 as resolved_at_ms from monitoring.alerts`;
const KEPT = '7 days';
/** A warm start, or a command that restarts the connector, is over by then. */
const PASSES_MS = 15_000;

/** @param tells whether there is a webhook to tell */
export function createAlertStore(pool: Pool, { tells }: { readonly tells: boolean }): AlertStore {
  async function fire(tx: PoolClient, condition: Condition): Promise<void> {
    const { name, subject, severity, summary, remedy } = condition;
    const { rows } = await tx.query<AlertRow>(
      `insert into monitoring.alerts (name, subject, severity, state, summary, remedy, since)
       values ($1, $2, $3, 'firing', $4, $5, now())
       on conflict (name, subject) do update
       set state = 'firing', severity = excluded.severity, summary = excluded.summary, remedy = excluded.remedy,
           since = excluded.since, resolved_at = null
       returning name, subject, severity, state, summary, remedy,
         extract(epoch from since)::float8 * 1000 as since_ms, null as resolved_at_ms`,
      [name, subject, severity, summary, remedy],
    );
    await tell(tx, rows);
  }

  async function resolve(tx: PoolClient, { name, subject }: AlertRow): Promise<void> {
    const { rows } = await tx.query<AlertRow>(
      `update monitoring.alerts set state = 'resolved', resolved_at = now()
       where name = $1 and subject = $2
       returning name, subject, severity, state, summary, remedy,
         extract(epoch from since)::float8 * 1000 as since_ms,
         extract(epoch from resolved_at)::float8 * 1000 as resolved_at_ms`,
      [name, subject],
    );
    await tell(tx, rows);
  }

  async function tell(tx: PoolClient, rows: readonly AlertRow[]): Promise<void> {
    if (!tells) return;
    for (const row of rows) {
      const alert = toAlert(row);
      const atMs = alert.resolvedAtMs ?? alert.sinceMs;
      const body = JSON.stringify({
        type: `alert.${alert.state}`,
        timestamp: new Date(atMs).toISOString(),
        data: alert,
      });
      await tx.query(
        'insert into monitoring.alert_messages (name, subject, body) values ($1, $2, $3)',
        [alert.name, alert.subject, body],
      );
    }
  }

  return {
    async list() {
      const { rows } = await pool.query<AlertRow>(
        `${SELECT} order by state, coalesce(resolved_at, since) desc limit 200`,
      );
      return rows.map(toAlert);
    },
    async update({ conditions, unknown }, holdDown) {
      await inTransaction(pool, async (tx) => {
        const { rows } = await tx.query<AlertRow>(`${SELECT} for update`);
        const known = new Map(rows.map((row) => [alertKey(row), row]));
        for (const condition of conditions) {
          const row = known.get(alertKey(condition));
          if (row?.state === 'firing') {
            await tx.query(
              'update monitoring.alerts set summary = $3, remedy = $4 where name = $1 and subject = $2 and summary <> $3',
              [condition.name, condition.subject, condition.summary, condition.remedy],
            );
          } else {
            const moreMs = condition.passes ? PASSES_MS : 0;
            if (holdDown.shouldFire(alertKey(condition), false, moreMs)) await fire(tx, condition);
          }
        }
        for (const row of rows) {
          const isUnknown = [...unknown].some((name) => name === row.name);
          if (row.state !== 'firing' || isUnknown) continue;
          if (!holdDown.shouldFire(alertKey(row), true)) await resolve(tx, row);
        }
        await tx.query('delete from monitoring.alerts where resolved_at < now() - $1::interval', [
          KEPT,
        ]);
      });
    },
  };
}

export function alertKey({ name, subject }: Pick<Alert, 'name' | 'subject'>): string {
  return `${name}/${subject}`;
}

/** What fires as far as this process alone can tell: for when there is no database to ask. */
export function asAlert(condition: Condition, nowMs: number): Alert {
  const { name, subject, severity, summary, remedy } = condition;
  const runbook = runbookSection(name);
  return {
    name,
    subject,
    severity,
    summary,
    remedy,
    runbook,
    state: 'firing',
    sinceMs: nowMs,
    resolvedAtMs: null,
  };
}

function toAlert({ since_ms, resolved_at_ms, ...row }: AlertRow): Alert {
  return {
    ...row,
    runbook: runbookSection(row.name),
    sinceMs: since_ms,
    resolvedAtMs: resolved_at_ms,
  };
}
