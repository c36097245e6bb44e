import type { Logger } from '@shelfcast/service-kit/process/logging';
import { attempt } from '@shelfcast/service-kit/webhooks/attempt';
import { createGuardedAgent } from '@shelfcast/service-kit/webhooks/guarded-agent';
import type { Pool } from 'pg';

export interface NotifierOptions {
  readonly pool: Pool;
  readonly url: string;
  /** Standard Webhooks: `whsec_…`. */
  readonly secret: string;
  readonly nowMs: () => number;
  readonly log: Logger;
}

export interface Notifier {
  /**
   * Sends what is due, the oldest first; what fails is tried again later, with the same webhook id. What else is to be
   * told of that alert waits for it: nothing is resolved before it fired.
   */
  sendDue(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 5_000;
const FIRST_RETRY_SECONDS = 5;
const LONGEST_RETRY_SECONDS = 3_600;
/** Some two days. */
const MAX_ATTEMPTS = 60;
const MAX_AT_ONCE = 10;

export function createNotifier({ pool, url, secret, nowMs, log }: NotifierOptions): Notifier {
  // The address is the operator's own setting, so it may be a private one.
  const allowed = 'all';
  const agent = createGuardedAgent({ allowed, connectTimeoutMs: TIMEOUT_MS });
  return {
    async sendDue(signal) {
      const { rows } = await pool.query<{ id: string; body: string; attempts: number }>(
        `select id, body, attempts from monitoring.alert_messages m
         where ended_at is null and next_attempt_at <= now() and not exists (
           select from monitoring.alert_messages e where e.ended_at is null and e.created_at < m.created_at
             and e.name = m.name and e.subject = m.subject and e.next_attempt_at > now())
         order by created_at limit $1`,
        [MAX_AT_ONCE],
      );
      for (const { id, body, attempts } of rows) {
        const message = { url, secret, webhookId: id, body };
        const options = { agent, allowed, timeoutMs: TIMEOUT_MS, nowMs, signal } as const;
        const result = await attempt(message, options);
        const error = result.outcome === 'delivered' ? null : result.error;
        if (error !== null)
          log.warn({ error, attempt: attempts + 1 }, 'an alert was not delivered');
        const isOver = error === null || attempts + 1 >= MAX_ATTEMPTS;
        const delaySeconds = Math.min(FIRST_RETRY_SECONDS * 2 ** attempts, LONGEST_RETRY_SECONDS);
        await pool.query(
          `update monitoring.alert_messages set attempts = attempts + 1, error = $2,
             next_attempt_at = now() + make_interval(secs => $3), ended_at = case when $4 then now() end
           where id = $1`,
          [id, error, delaySeconds, isOver],
        );
        // Most likely the others would fare no better now.
        if (!isOver) return;
      }
      await pool.query(
        `delete from monitoring.alert_messages where ended_at < now() - interval '7 days'`,
      );
    },
    close: () => agent.close(),
  };
}
