import type { Pool } from 'pg';
import { Counter, Gauge, type Registry } from 'prom-client';
import { failingSubscribers } from '../admin.ts';
import type { Settled } from './settle.ts';

export interface DeliveryMetrics {
  settled(subscriber: string, outcome: Settled): void;
}

/** Attempts by outcome, and how long the oldest event of each subscriber has been waiting. */
export function createDeliveryMetrics(registry: Registry, pool: Pool): DeliveryMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'shelfcast_webhook_attempts_total',
    help: 'Webhook attempts, by outcome: delivered, retry, failed (given up), gone (410: the subscriber is disabled) or leaseLost (done by another process)',
    labelNames: ['subscriber', 'outcome'] as const,
    registers,
  });
  new Gauge({
    name: 'shelfcast_webhook_oldest_waiting_seconds',
    help: 'Age of the oldest event that was not delivered yet, given up ones included',
    labelNames: ['subscriber'] as const,
    registers,
    async collect() {
      this.reset();
      // A database that is away must not take the other metrics with it.
      for (const { id, age } of await oldestWaiting(pool).catch(() => [])) {
        this.set({ subscriber: id }, age);
      }
    },
  });
  new Gauge({
    name: 'shelfcast_webhook_subscribers_failing',
    help: 'Subscribers that get nothing until people act: gone (410), or with deliveries that were given up',
    registers,
    async collect() {
      this.set((await failingSubscribers(pool).catch(() => [])).length);
    },
  });
  return { settled: (subscriber, outcome) => attempts.inc({ subscriber, outcome }) };
}

async function oldestWaiting(pool: Pool): Promise<{ id: string; age: number }[]> {
  const { rows } = await pool.query<{ id: string; age: number }>(
    `select s.id, coalesce(extract(epoch from now() - c.decided_at), 0)::float8 as age
     from pricing.subscribers s
     left join lateral (
       select event_id from pricing.deliveries d
       where d.subscriber_id = s.id and d.state in ('waiting', 'failed')
       order by event_nr limit 1) as oldest on true
     left join pricing.price_changes c on c.id = oldest.event_id`,
  );
  return rows;
}
