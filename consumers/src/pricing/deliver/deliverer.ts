import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { isRetriableDatabaseError } from '@shelfcast/service-kit/postgres/errors';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Tracing } from '@shelfcast/service-kit/tracing/tracing';
import type { AllowedPrivate } from '@shelfcast/service-kit/webhooks/address-policy';
import { attempt } from '@shelfcast/service-kit/webhooks/attempt';
import { createGuardedAgent, type Resolve } from '@shelfcast/service-kit/webhooks/guarded-agent';
import type { Pool } from 'pg';
import { payloadOf } from '../payload.ts';
import { type ClaimedDelivery, claimDue } from './claim.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { DEFAULT_POLICY, type DeliveryPolicy } from './policy.ts';
import { release, type Settled, settle } from './settle.ts';
import { beginSpan } from './span.ts';

export interface DelivererOptions {
  readonly pool: Pool;
  readonly log: Logger;
  readonly metrics: DeliveryMetrics;
  readonly allowed: AllowedPrivate;
  readonly policy?: DeliveryPolicy;
  readonly resolve?: Resolve;
  readonly tracing?: Tracing | undefined;
}

export interface Deliverer {
  /** Lets attempts that are under way end, for a while; those it cuts off are made again by the next process. */
  stop(): Promise<void>;
}

const POLL_MS = 250;
const OUTAGE_PAUSE_MS = 1_000;
const MAX_IN_FLIGHT = 64;
const MAX_IN_FLIGHT_PER_SUBSCRIBER = 8;
/** A lease outlives the attempt by this, to write down what came of it. */
const LEASE_MARGIN_MS = 20_000;
const STOP_GRACE_MS = 3_000;

/**
 * Sends what is due, again and again, until it is stopped. Any number of processes may do so: a delivery is leased to
 * one of them. If that one dies after the receiver answered and before that is written down, the delivery is sent
 * again, with the same webhook-id: at least once.
 */
export function startDeliverer(options: DelivererOptions): Deliverer {
  const { pool, log, metrics, allowed, tracing, policy = DEFAULT_POLICY } = options;
  const { connectTimeoutMs, attemptTimeoutMs, breakerThreshold } = policy;
  const leaseMs = attemptTimeoutMs + LEASE_MARGIN_MS;
  const agent = createGuardedAgent({
    allowed,
    connectTimeoutMs,
    resolve: options.resolve,
  });
  const underWay = new Set<Promise<void>>();
  const inFlight = new Map<string, number>();
  const cut = new AbortController();
  const pauses = createPause();
  let stopping = false;

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const limit = MAX_IN_FLIGHT - underWay.size;
        const claimed =
          limit === 0
            ? []
            : await claimDue(pool, {
                lease: randomUUID(),
                leaseMs,
                perSubscriber: MAX_IN_FLIGHT_PER_SUBSCRIBER,
                inFlight,
                limit,
                breakerThreshold,
              });
        for (const delivery of claimed) track(delivery);
        await pauses.wait(POLL_MS);
      } catch (error) {
        log.warn({ error }, 'webhooks: database not available, waiting; nothing is lost');
        await pauses.wait(OUTAGE_PAUSE_MS);
      }
    }
  }

  function track(delivery: ClaimedDelivery): void {
    const { subscriberId } = delivery;
    inFlight.set(subscriberId, (inFlight.get(subscriberId) ?? 0) + 1);
    const work = deliver(delivery)
      .catch((error: unknown) =>
        log.error(
          { error, subscriberId, eventId: delivery.id },
          'webhook: its lease has to run out',
        ),
      )
      .finally(() => {
        underWay.delete(work);
        const left = (inFlight.get(subscriberId) ?? 1) - 1;
        if (left === 0) inFlight.delete(subscriberId);
        else inFlight.set(subscriberId, left);
        pauses.end(); // the product's next event may be due
      });
    underWay.add(work);
  }

  async function deliver(delivery: ClaimedDelivery): Promise<void> {
    const { url, secret, id, subscriberId } = delivery;
    const span = tracing && beginSpan(delivery, Date.now());
    const leasedUntilMs = performance.now() + leaseMs;
    const message = {
      ...{ url, secret, webhookId: id, body: payloadOf(delivery) },
      traceparent: span?.traceparent,
    };
    const result = await attempt(message, {
      agent,
      allowed,
      timeoutMs: attemptTimeoutMs,
      nowMs: Date.now,
      signal: cut.signal,
    }).catch(async (error: unknown) => {
      if (!cut.signal.aborted) throw error;
      await release(pool, delivery);
    });
    if (result === undefined) return;
    if (span !== undefined) tracing?.span(span.end(result, Date.now()));
    const settled = await throughOutages(leasedUntilMs, () =>
      settle(pool, delivery, result, policy),
    );
    metrics.settled(subscriberId, settled);
    if (result.outcome === 'failed') logFailure(settled, delivery, result.error);
  }

  /** An answer that is not written down is asked for again, so writing is tried as long as the lease holds. */
  async function throughOutages(untilMs: number, write: () => Promise<Settled>): Promise<Settled> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!isRetriableDatabaseError(error) || performance.now() > untilMs) throw error;
        await delay(POLL_MS, undefined, { signal: cut.signal });
      }
    }
  }

  function logFailure(settled: Settled, delivery: ClaimedDelivery, error: string): void {
    const { subscriberId, id: eventId, productId, attempts } = delivery;
    const fields = { subscriberId, eventId, productId, attempts: attempts + 1, reason: error };
    if (settled === 'failed') {
      log.error(fields, 'webhook given up: later events of the product wait for an operator');
    } else if (settled === 'gone') {
      log.error(fields, 'webhook: the receiver is gone (410), its subscriber is disabled');
    } else log.warn(fields, 'webhook not delivered: it is tried again');
  }

  const running = run();
  return {
    async stop() {
      stopping = true;
      pauses.end();
      await running;
      const grace = setTimeout(() => cut.abort(), STOP_GRACE_MS);
      await Promise.all(underWay);
      clearTimeout(grace);
      await agent.destroy();
    },
  };
}

/** A pause that can be ended early, also by what happens just before it begins. */
function createPause() {
  let ended = false;
  let wake = () => {};
  return {
    async wait(ms: number): Promise<void> {
      if (!ended) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      ended = false;
    },
    end(): void {
      ended = true;
      wake();
    },
  };
}
