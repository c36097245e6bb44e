import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import { type SweepState, sweepStates } from './sweeps.ts';

export interface SweptConsumers {
  readonly done: readonly { readonly consumer: string; readonly keys: number }[];
  /** What is left to do, in sentences; empty when every consumer has swept all there was. */
  readonly missing: readonly string[];
}

export interface WaitForSweepsOptions {
  readonly consumers: pg.Pool;
  readonly admin: Pick<KafkaAdmin, 'groupMembers'>;
  /** Commands of the consumers that were asked, by consumer. */
  readonly commands: ReadonlyMap<string, string>;
  readonly timeoutMs: number;
  readonly log: (message: string) => void;
}

const POLL_MS = 250;
const PROGRESS_MS = 5_000;
/** A process that was killed is back by then. */
const ABSENT_FOR_MS = 20_000;

/** Waits for the consumers' answers. One without a process, or that is paused, is not waited for: it answers later. */
export async function waitForSweeps({
  consumers,
  admin,
  commands,
  timeoutMs,
  log,
}: WaitForSweepsOptions): Promise<SweptConsumers> {
  const done: { consumer: string; keys: number }[] = [];
  const missing: string[] = [];
  const absentSince = new Map<string, number>();
  const startedAt = performance.now();
  let waitingFor = [...commands.keys()];
  let toldAt = startedAt;

  /** @returns whether the consumer is to be waited for */
  async function look(answer: SweepState): Promise<boolean> {
    const { consumer, state, result, pausedBecause } = answer;
    if (state === 'done') {
      log(`${consumer}: ${result.done ?? 0} keys that are gone were removed`);
      done.push({ consumer, keys: result.done ?? 0 });
      for (const { entity, key, reason } of result.refused) {
        missing.push(`${consumer} could not remove ${entity} ${key}: ${reason}`);
      }
      return false;
    }
    if (state === 'failed') {
      missing.push(
        result.gone === undefined
          ? `${consumer} did not understand: ${result.error ?? 'no reason given'}`
          : `${consumer} removed nothing: ${result.error}. If they are really gone, the same command with CONFIRM=${result.gone} removes them.`,
      );
      return false;
    }
    const later = 'It removes what is gone when it';
    if (pausedBecause !== null) {
      missing.push(
        `${consumer} is paused (${pausedBecause}). ${later} goes on: make consumer-resume CONSUMER=${consumer}.`,
      );
      return false;
    }
    if ((await admin.groupMembers(consumer)).length > 0) {
      absentSince.delete(consumer);
      return true;
    }
    const since = absentSince.get(consumer) ?? performance.now();
    absentSince.set(consumer, since);
    if (performance.now() - since < ABSENT_FOR_MS) return true;
    missing.push(`No process hosts ${consumer}. ${later} runs again.`);
    return false;
  }

  for (;;) {
    const still: string[] = [];
    const states = (await sweepStates(consumers, [...commands.values()])).filter(({ consumer }) =>
      waitingFor.includes(consumer),
    );
    for (const answer of states) if (await look(answer)) still.push(answer.consumer);
    waitingFor = still;
    if (waitingFor.length === 0) return { done, missing };
    if (performance.now() - startedAt > timeoutMs) {
      for (const name of waitingFor) missing.push(`${name} is not done; it goes on by itself.`);
      return { done, missing };
    }
    if (performance.now() - toldAt >= PROGRESS_MS) {
      toldAt = performance.now();
      for (const state of states) if (waitingFor.includes(state.consumer)) log(progressOf(state));
    }
    await sleep(POLL_MS);
  }
}

function progressOf({ consumer, result }: SweepState): string {
  if (result.behind !== undefined) return `  ${consumer}: ${result.behind} changes to handle first`;
  if (result.done === undefined) return `  ${consumer}: no answer yet`;
  return `  ${consumer}: ${result.done} keys removed so far`;
}
