import { formatTableName, tableArgument } from '@shelfcast/connect-config/table-name';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { type Repeating, repeat } from '@shelfcast/service-kit/repeat';
import type { Pool } from 'pg';
import type { CapturedEntity } from '../contract/captured-entity.ts';

export interface MissingTopicsOptions {
  readonly pool: Pick<Pool, 'query'>;
  readonly consumer: string;
  readonly entities: readonly CapturedEntity[];
  /** Topics that the consumer reads and that do not exist. */
  readonly missingTopics: () => readonly string[];
  readonly log: Logger;
}

const STORE_EVERY_MS = 5_000;

/** Stores which topics the consumer waits for, again and again: the monitor and doctor name them. */
export function startMissingTopics(options: MissingTopicsOptions): Repeating {
  const { pool, consumer, entities, missingTopics, log } = options;
  let stored: number | undefined;

  async function store(): Promise<void> {
    const topics = missingTopics();
    const missing = entities.filter(({ topic }) => topics.includes(topic));
    if (stored === 0 && missing.length === 0) return;
    await replaceMissingTopics(pool, consumer, missing);
    stored = missing.length;
  }

  return repeat({
    failure: 'which topics are missing could not be stored: later',
    everyMs: STORE_EVERY_MS,
    // At a start topics are about to be made.
    firstAfterMs: STORE_EVERY_MS,
    work: store,
    log,
  });
}

/** Which topics a consumer waits for, with the commands that make them; undefined where there are all. */
export function describeMissingTopics(
  consumer: string,
  topics: readonly string[],
  entities: readonly CapturedEntity[],
): string | undefined {
  const waited = topics.map((topic) => {
    const from = entities.find((entity) => entity.topic === topic);
    return from === undefined
      ? `topic ${topic}`
      : `topic ${topic} of ${formatTableName(from)}: make connector-add-table ${tableArgument(from)} captures it, and make connector-register makes its topic again where it was deleted`;
  });
  return waited.length === 0 ? undefined : `${consumer} waits for ${waited.join('; ')}`;
}

async function replaceMissingTopics(
  pool: Pick<Pool, 'query'>,
  consumer: string,
  missing: readonly CapturedEntity[],
): Promise<void> {
  await pool.query(
    `with there as (delete from runtime.missing_topics where consumer = $1 and topic <> all ($2))
     insert into runtime.missing_topics (consumer, topic, table_schema, table_name)
     select $1, * from unnest($2::text[], $3::text[], $4::text[])
     on conflict (consumer, topic) do update set told_at = now()`,
    [
      consumer,
      missing.map(({ topic }) => topic),
      missing.map(({ schema }) => schema),
      missing.map(({ table }) => table),
    ],
  );
}
