import { setTimeout as delay } from 'node:timers/promises';
import type { MonitoringEvent, Stage } from '@shelfcast/schemas/generated/monitoring-event';
import type { RecordDecoding } from '@shelfcast/schemas/record-change';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';
import { writeOutbox } from '../outbox/outbox.ts';
import { assertEditable } from '../parking/edit.ts';
import { oldestParked } from '../parking/store.ts';
import type { RemoveRows } from '../reconcile/remove.ts';
import { type Reporter, reportMessage, reportStep } from '../reports/reports.ts';
import type { Sweep } from '../sweep/sweep.ts';
import {
  type CommandKind,
  type CommandResult,
  commandArguments,
  type selection,
} from './arguments.ts';

/** Kinds that are done in one transaction. */
type ImmediateKind = Exclude<CommandKind, 'sweep'>;

/** A key that was redriven this often and failed each time needs another remedy. */
export const MAX_REDRIVES = 5;
const MAX_REFUSALS_TOLD = 100;

export interface CommandsOptions {
  readonly pool: Pool;
  readonly consumer: string;
  readonly reporter: Reporter;
  readonly decoding: RecordDecoding;
  readonly encodeReport: (event: MonitoringEvent) => Buffer;
  readonly nowMs: () => number;
  readonly log: Logger;
  /** Called when the consumer is to pause, or to go on. */
  readonly onPaused: (reason: string | undefined) => void;
  /** Does the commands `sweep`, which take longer than a transaction. */
  readonly sweeper: Sweep;
  /** Does the commands `remove`. */
  readonly removeRows: RemoveRows;
}

const POLL_MS = 500;

/** Does what is asked of a consumer by rows in `runtime.commands`, one after the other, in whichever process comes first. */
export function startCommands(options: CommandsOptions): { stop(): Promise<void> } {
  const { pool, consumer, log, onPaused, sweeper } = options;
  const stopping = new AbortController();

  /** @returns whether there is more to do at once */
  async function round(): Promise<boolean> {
    while (await doNext(options)) if (stopping.signal.aborted) return false;
    const { rows } = await pool.query<{ reason: string }>(
      'select reason from runtime.pauses where consumer = $1',
      [consumer],
    );
    onPaused(rows[0]?.reason);
    return rows.length === 0 && (await sweeper.step());
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const goesOn = await round().catch((error: unknown) => {
        log.debug({ error }, 'commands not done');
        return false;
      });
      if (!goesOn) await delay(POLL_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface CommandRow {
  readonly id: bigint;
  readonly kind: ImmediateKind;
  readonly arguments: string;
  readonly requested_by: string;
}

/** @returns whether there was one */
async function doNext(options: CommandsOptions): Promise<boolean> {
  return await inTransaction(options.pool, async (tx) => {
    const { rows } = await tx.query<CommandRow>(
      `select id, kind, arguments, requested_by from runtime.commands
       where consumer = $1 and state = 'pending' and kind <> 'sweep' order by id limit 1 for update skip locked`,
      [options.consumer],
    );
    const [command] = rows;
    if (command === undefined) return false;
    await tx.query('savepoint command');
    try {
      await close(tx, command.id, 'done', await perform(options, tx, command));
    } catch (error) {
      await tx.query('rollback to savepoint command');
      await close(tx, command.id, 'failed', { error: reasonOf(error) });
    }
    return true;
  });
}

async function close(tx: PoolClient, id: bigint, state: string, result: object): Promise<void> {
  await tx.query(
    'update runtime.commands set state = $2, result = $3, done_at = now() where id = $1',
    [String(id), state, JSON.stringify(result)],
  );
}

async function perform(
  options: CommandsOptions,
  tx: PoolClient,
  { id, kind, arguments: text, requested_by: by }: CommandRow,
): Promise<CommandResult> {
  const given: unknown = JSON.parse(text);
  const { consumer } = options;
  switch (kind) {
    case 'redrive':
      return await redrive(options, tx, commandArguments.redrive.parse(given));
    case 'discard':
      return await discard(options, tx, commandArguments.discard.parse(given));
    case 'pause':
      await tx.query(
        `insert into runtime.pauses (consumer, reason, paused_by) values ($1, $2, $3)
         on conflict (consumer) do update set reason = excluded.reason, paused_by = excluded.paused_by, paused_at = now()`,
        [consumer, commandArguments.pause.parse(given).reason, by],
      );
      return { matched: 0, done: 0, refused: [] };
    case 'resume':
      await tx.query('delete from runtime.pauses where consumer = $1', [consumer]);
      return { matched: 0, done: 0, refused: [] };
    case 'remove':
      return await options.removeRows(tx, { id, by }, commandArguments.remove.parse(given));
  }
}

interface Selected {
  readonly entity: string;
  readonly key: string;
  readonly redrives: number;
  /** Of its oldest change. */
  readonly id: bigint;
  readonly change_id: string | null;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly timestamp_ms: bigint;
}

/** The keys that are meant, each with its oldest change; their guards are locked, in the order everybody locks them. */
async function select(
  tx: PoolClient,
  consumer: string,
  chosen: z.infer<typeof selection>,
): Promise<Selected[]> {
  const { rows } = await tx.query<Selected>(
    `with chosen as (
       select k.entity, k.key, k.redrives, c.*
       from runtime.parked_keys k cross join lateral (
         select id, change_id, topic, partition, "offset", timestamp_ms from runtime.parked_changes c
         where c.consumer = k.consumer and c.entity = k.entity and c.key = k.key order by id limit 1) c
       where k.consumer = $1 and ($2::bigint[] is null or c.id = any($2)) and ($3::text is null or k.entity = $3)
         and ($4::text is null or k.key = $4) and ($5::text is null or k.error_type = $5)
     )
     select chosen.* from chosen join runtime.guards g on g.consumer = $1 and g.entity = chosen.entity and g.key = chosen.key
     order by chosen.entity, chosen.key for update of g`,
    [
      consumer,
      chosen.ids ?? null,
      chosen.entity ?? null,
      chosen.key ?? null,
      chosen.errorType ?? null,
    ],
  );
  return rows;
}

async function redrive(
  options: CommandsOptions,
  tx: PoolClient,
  given: z.infer<typeof commandArguments.redrive>,
): Promise<CommandResult> {
  const { consumer, nowMs } = options;
  const keys = await select(tx, consumer, given);
  if (given.edit !== undefined && keys.length !== 1) {
    throw new Error(`an edit is for one key, and ${keys.length} were chosen`);
  }
  const tooOften = keys.filter(({ redrives }) => redrives >= MAX_REDRIVES && given.force !== true);
  const chosen = keys.filter((key) => !tooOften.includes(key));
  const result = {
    matched: keys.length,
    done: chosen.length,
    refused: tooOften.slice(0, MAX_REFUSALS_TOLD).map(({ entity, key, redrives }) => ({
      entity,
      key,
      reason: `redriven ${redrives} times already, and failed each time; force to try again`,
    })),
  };
  const [only] = keys;
  if (given.edit !== undefined && only !== undefined) {
    const [oldest] = await oldestParked(tx, consumer, only, 1);
    if (oldest !== undefined) await assertEditable(options.decoding, oldest.record, given.edit);
  }
  if (given.dryRun === true || chosen.length === 0) return result;
  if (given.edit !== undefined) {
    await tx.query('update runtime.parked_changes set edit = $2 where id = any($1::bigint[])', [
      chosen.map(({ id }) => String(id)),
      JSON.stringify(given.edit),
    ]);
  }
  const spacingMs = 1000 / (given.ratePerSecond ?? Number.POSITIVE_INFINITY);
  await release(tx, consumer, chosen, { nowMs: nowMs(), spacingMs, redrives: 1 });
  await report(options, tx, 'redriven', chosen, {
    ...(given.edit === undefined ? {} : { edited: Object.keys(given.edit) }),
  });
  return result;
}

async function discard(
  options: CommandsOptions,
  tx: PoolClient,
  given: z.infer<typeof commandArguments.discard>,
): Promise<CommandResult> {
  const { consumer, nowMs } = options;
  const keys = await select(tx, consumer, given);
  const result = { matched: keys.length, done: keys.length, refused: [] };
  if (given.dryRun === true || keys.length === 0) return result;
  await tx.query('delete from runtime.parked_changes where id = any($1::bigint[])', [
    keys.map(({ id }) => String(id)),
  ]);
  // What was behind them is tried, or the key let go where nothing was.
  await release(tx, consumer, keys, { nowMs: nowMs(), spacingMs: 0, redrives: 0 });
  await report(options, tx, 'discarded', keys, { reason: given.reason });
  return result;
}

/** Has keys tried again by the retrier, one after the other. */
async function release(
  tx: PoolClient,
  consumer: string,
  keys: readonly Selected[],
  given: { readonly nowMs: number; readonly spacingMs: number; readonly redrives: number },
): Promise<void> {
  await tx.query(
    `update runtime.parked_keys k
     set state = 'retrying', attempts = 0, unfinished = 0, redrives = redrives + $6::int,
         next_attempt_at = to_timestamp(($4::float8 + (e.nr - 1) * $5::float8) / 1000.0)
     from unnest($2::text[], $3::text[]) with ordinality as e(entity, key, nr)
     where k.consumer = $1 and k.entity = e.entity and k.key = e.key`,
    [
      consumer,
      keys.map(({ entity }) => entity),
      keys.map(({ key }) => key),
      given.nowMs,
      given.spacingMs,
      given.redrives,
    ],
  );
}

async function report(
  { consumer, reporter, encodeReport, nowMs }: CommandsOptions,
  tx: PoolClient,
  stage: Stage,
  keys: readonly Selected[],
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  const messages = keys.map(({ entity, key, redrives, change_id: changeId, ...row }) => {
    const record = {
      topic: row.topic,
      partition: row.partition,
      offset: row.offset,
      timestampMs: Number(row.timestamp_ms),
      key: null,
      value: null,
      headers: {},
    };
    const entry = { record, entity, key, error: undefined };
    const event = reportStep(reporter, changeId === null ? entry : { ...entry, changeId }, {
      stage,
      atMs: nowMs(),
      attempt: redrives + 1,
      details: { entity, ...details },
    });
    return reportMessage(event, encodeReport);
  });
  await writeOutbox(tx, consumer, messages);
}

function reasonOf(error: unknown): string {
  return error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
}
