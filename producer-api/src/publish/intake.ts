import { setTimeout as sleep } from 'node:timers/promises';
import { Problem } from '@shelfcast/service-kit/http/problem';
import type { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Claim, KeyStore, SettledEvent } from '../idempotency/key-store.ts';
import type { EventName } from '../idempotency/name-event.ts';
import type { AcceptedEvent, Receipt } from './event.ts';
import type { Publisher } from './publisher.ts';

export interface IntakeOptions {
  readonly publisher: Publisher;
  readonly keys: Pick<KeyStore, 'claim' | 'settle'>;
  /** How long an event waits for another request that is writing it. */
  readonly waitMs: number;
  readonly log: Logger;
}

export interface Submission {
  readonly event: AcceptedEvent;
  /** Undefined: sending it again is another event. */
  readonly name: EventName | undefined;
}

export interface PublishOutcome {
  readonly outcome: Receipt | KafkaError | Problem;
  /** Whether it was written by an earlier request. */
  readonly replayed: boolean;
}

export interface Intake {
  /**
   * Writes events, each with a name at most once: one that was written before has the receipt of then, and one that
   * another request is writing has what that comes to.
   * @returns in the order given; rejects when the database that knows the names gives no answer
   */
  submit(caller: string, submissions: readonly Submission[]): Promise<PublishOutcome[]>;
}

interface Open extends Submission {
  readonly index: number;
}

const FIRST_PAUSE_MS = 15;
const LONGEST_PAUSE_MS = 250;

export function createIntake({ publisher, keys, waitMs, log }: IntakeOptions): Intake {
  async function claimAll(caller: string, open: readonly Open[]): Promise<(Claim | undefined)[]> {
    const named = open.flatMap(({ event, name }) =>
      name === undefined ? [] : [{ ...name, eventId: event.id, acceptedAtUs: event.acceptedAtUs }],
    );
    const claims = named.length === 0 ? [] : await keys.claim(caller, named);
    let next = 0;
    return open.map(({ name }) => (name === undefined ? undefined : claims[next++]));
  }

  /** What is written is written: if only noting it fails, its sender must not be told otherwise. */
  async function settle(caller: string, settled: readonly SettledEvent[]): Promise<void> {
    if (settled.length === 0) return;
    try {
      await keys.settle(caller, settled);
    } catch (error) {
      log.warn({ error, events: settled.length }, 'receipts were not kept; their keys stay leased');
    }
  }

  return {
    async submit(caller, submissions) {
      const fates: PublishOutcome[] = [];
      const deadlineMs = performance.now() + waitMs;
      let open: readonly Open[] = submissions.map((submission, index) => ({
        ...submission,
        index,
      }));
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        const claims = await claimAll(caller, open);
        const toWrite: { readonly open: Open; readonly event: AcceptedEvent; lease?: string }[] =
          [];
        const busy: Open[] = [];
        open.forEach((entry, nth) => {
          const claim = claims[nth];
          const { event, index } = entry;
          if (claim === undefined) toWrite.push({ open: entry, event });
          else if (claim.kind === 'mine') {
            const { lease, eventId, acceptedAtUs } = claim;
            toWrite.push({ open: entry, event: { ...event, id: eventId, acceptedAtUs }, lease });
          } else if (claim.kind === 'done') {
            fates[index] = { outcome: claim.receipt, replayed: true };
          } else if (claim.kind === 'busy') busy.push(entry);
          else fates[index] = { outcome: conflict(), replayed: false };
        });

        const written = await publisher.publish(toWrite.map(({ event }) => event));
        const settled: SettledEvent[] = [];
        toWrite.forEach(({ open: { index, name }, lease }, nth) => {
          const outcome = written[nth] ?? new Problem('internal', 'The event had no answer');
          fates[index] = { outcome, replayed: false };
          if (name === undefined || lease === undefined) return;
          const receipt = outcome instanceof Error ? undefined : outcome;
          settled.push({ key: name.key, item: name.item, lease, receipt });
        });
        await settle(caller, settled);

        if (busy.length === 0) return fates;
        if (performance.now() + pauseMs > deadlineMs) {
          for (const { index } of busy) fates[index] = { outcome: stillBusy(), replayed: false };
          return fates;
        }
        await sleep(pauseMs);
        open = busy;
      }
    },
  };
}

function conflict(): Problem {
  return new Problem('idempotency-conflict', 'The same key came before with another content');
}

function stillBusy(): Problem {
  return new Problem('unavailable', 'The first request with this key is still under way', {
    retryAfterSeconds: 1,
  });
}
