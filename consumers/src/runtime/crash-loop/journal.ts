import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import { z } from 'zod';

/** `runtime.unfinished.deaths`, by offset. */
const deathsSchema = z.record(z.string(), z.number());

/** What handling a batch from where a partition was left off came to before. */
export interface Resumption {
  /** How often it was begun without an end, this time included. */
  readonly times: number;
  /** How often each of its records was begun by itself without an end, by offset. */
  readonly deaths: ReadonlyMap<bigint, number>;
}

/**
 * A journal of the batch that is begun when a partition is taken over: a change that ends its process (it blocks the
 * event loop, or takes all memory) comes back to the partition's next owner. Only the first new batch of a partition is
 * entered; later ones cost no write.
 */
export function createCrashJournal(pool: Pool, consumer: string) {
  /** By partition: the offset after the last batch that was entered or needed no entry. */
  const expected = new Map<string, bigint>();
  const place = ({ topic, partition }: KafkaBatch) => [consumer, topic, partition];

  return {
    /** Enters a batch. Undefined: it goes on where the last one ended, or holds nothing new; no entry was made. */
    async begin(batch: KafkaBatch): Promise<Resumption | undefined> {
      const name = partitionKey(batch);
      const first = batch.records[0]?.offset ?? 0n;
      const next = (batch.records.at(-1)?.offset ?? first) + 1n;
      if (expected.get(name) === first) {
        expected.set(name, next);
        return undefined;
      }
      const { rows } = await pool.query<{ times: number; deaths: string }>(BEGIN, [
        ...place(batch),
        String(first),
        String(next),
      ]);
      const [row] = rows;
      // All of it had its effect before: what is new is in a later batch.
      if (row === undefined) return undefined;
      expected.set(name, next);
      const deaths = Object.entries(deathsSchema.parse(JSON.parse(row.deaths))).map(
        ([offset, times]): [bigint, number] => [BigInt(offset), times],
      );
      return { times: row.times, deaths: new Map(deaths) };
    },
    /** Enters a record that is handled by itself. */
    async beginAlone(batch: KafkaBatch, offset: bigint): Promise<void> {
      await pool.query(
        `update runtime.unfinished
         set deaths = deaths || jsonb_build_object($4::text, coalesce((deaths ->> $4::text)::int, 0) + 1)
         where consumer = $1 and topic = $2 and partition = $3`,
        [...place(batch), String(offset)],
      );
    },
    /** The record ended, well or not. */
    async endAlone(batch: KafkaBatch, offset: bigint): Promise<void> {
      await pool.query(
        `update runtime.unfinished set deaths = deaths - $4::text
         where consumer = $1 and topic = $2 and partition = $3`,
        [...place(batch), String(offset)],
      );
    },
    /** It ended, well or not: in any case the process is still there. */
    async end(batch: KafkaBatch): Promise<void> {
      await pool.query(
        'delete from runtime.unfinished where consumer = $1 and topic = $2 and partition = $3',
        place(batch),
      );
    },
    /** A batch that failed comes again, and so does what follows it. */
    forget({ topic, partition }: KafkaBatch): void {
      expected.delete(partitionKey({ topic, partition }));
    },
  };
}

const BEGIN = `
insert into runtime.unfinished as u (consumer, topic, partition, "offset", times)
select $1, $2, $3, rest.from, 1
from (select greatest($4::bigint, max(b.next_offset)) as from
      from runtime.batches b where consumer = $1 and topic = $2 and partition = $3) as rest
where rest.from < $5::bigint
on conflict (consumer, topic, partition) do update set
  times = case when u."offset" = excluded."offset" then u.times + 1 else 1 end,
  "offset" = excluded."offset"
returning times, deaths`;
