import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { ConnectClient, ConnectorOffset } from './connect-client.ts';
import { followOffset } from './stored-offset.ts';

/** A topic's partition and the offset its next record will get. */
export interface Watermark {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

export async function endsOf(
  admin: Pick<KafkaAdmin, 'highWatermarks'>,
  topics: readonly string[],
): Promise<Watermark[]> {
  const ends: Watermark[] = [];
  for (const topic of topics) {
    for (const [partition, offset] of await admin.highWatermarks(topic)) {
      ends.push({ topic, partition, offset });
    }
  }
  return ends;
}

/**
 * With Kafka transactions a partition ends with a marker, which no reader is given: a group that has read everything
 * stands before it. The snapshot's own transaction is closed, so its records all lie below.
 */
export function beyondMarkers(ends: readonly Watermark[], exactlyOnce: boolean): Watermark[] {
  const marker = exactlyOnce ? 1n : 0n;
  return ends
    .filter(({ offset }) => offset > marker)
    .map((mark) => ({ ...mark, offset: mark.offset - marker }));
}

export interface WaitForInitialSnapshotOptions {
  readonly client: Pick<ConnectClient, 'offsets' | 'status'>;
  readonly admin: Pick<KafkaAdmin, 'highWatermarks'>;
  /** Topics of the captured tables. */
  readonly topics: readonly string[];
  /** Ends of the topics before the snapshot began; undefined where that is not known. */
  readonly before: readonly Watermark[] | undefined;
  readonly timeoutMs: number;
  readonly onProgress: (message: string) => void;
}

const PROGRESS_MS = 5_000;

/**
 * Waits until the connector has read every table and all of it is in Kafka.
 *
 * The stored offset says so when it carries no `snapshot` any more: Debezium marks the offset of every record of its
 * initial snapshot with it, and Kafka Connect stores an offset only when its record and all before it are acknowledged.
 * The first heartbeat after the snapshot brings such an offset, also where all tables are empty.
 *
 * @throws OperationError `CONNECTOR_FAILED`, `SNAPSHOT_TIMEOUT`
 */
export async function waitForInitialSnapshot(
  options: WaitForInitialSnapshotOptions,
): Promise<void> {
  const { client, timeoutMs, onProgress } = options;
  const startedAt = performance.now();
  let toldAt = startedAt;
  await followOffset({
    client,
    timeoutMs,
    what: 'the initial snapshot',
    // A slot is made when the transactions of that moment have ended, however long they take.
    stalledMs: Number.POSITIVE_INFINITY,
    async until(offset) {
      if (offset?.lsn !== undefined && !offset.inInitialSnapshot) return true;
      if (performance.now() - toldAt >= PROGRESS_MS) {
        toldAt = performance.now();
        const seconds = Math.round((toldAt - startedAt) / 1000);
        onProgress(`  ${await readSoFar(options)}: not complete after ${seconds} s`);
      }
      return false;
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  onProgress(`  ${await readSoFar(options)}: complete (${seconds} s)`);
}

/** Whether a stored offset is one of the stream of changes. Of any other connector's offsets this says nothing. */
export function isPastInitialSnapshot({ offset }: ConnectorOffset): boolean {
  return offset !== null && offset.lsn != null && offset.snapshot == null;
}

async function readSoFar({
  admin,
  topics,
  before,
}: Pick<WaitForInitialSnapshotOptions, 'admin' | 'topics' | 'before'>): Promise<string> {
  if (before === undefined) return 'The snapshot';
  const start = new Map(before.map((mark) => [partitionKey(mark), mark.offset]));
  const read = new Map<string, bigint>();
  for (const { topic, partition, offset } of await endsOf(admin, topics)) {
    const rows = offset - (start.get(partitionKey({ topic, partition })) ?? 0n);
    read.set(topic, (read.get(topic) ?? 0n) + rows);
  }
  const rows = [...read.values()].reduce((sum, count) => sum + count, 0n);
  const begun = [...read.values()].filter((count) => count > 0n).length;
  return `${rows} rows of ${begun} of ${topics.length} tables`;
}
