import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { countDeadLetters } from '@shelfcast/consumers/operations/dead-letters';
import { listRetired } from '@shelfcast/consumers/operations/retired';
import { failingSubscribers } from '@shelfcast/consumers/operations/subscribers';
import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { readConnectors } from '../source/connectors.ts';
import type { ReplicationReader } from '../source/replication.ts';
import type { SourceReader } from '../source/source-reader.ts';
import type { Facts } from './judge.ts';
import type { RecordSizes } from './record-sizes.ts';

export interface GatherOptions {
  /** Names of the consumers there are, which are their groups. */
  readonly names: readonly string[];
  readonly connect: ConnectClient;
  readonly replication: ReplicationReader;
  readonly source: SourceReader;
  readonly slotName: string;
  readonly admin: Pick<KafkaAdmin, 'groupMembers'>;
  /** The consumers' database. */
  readonly consumers: Pool;
  readonly lag: () => Lag;
  /** Told of retired consumers, whose absence is intended. */
  readonly onRetired: (consumers: ReadonlySet<string>) => void;
  readonly summary: () => LiveSummary;
  readonly recordSizes: RecordSizes;
  readonly maxRecordBytes: number;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** The brokers are asked every five seconds. */
const LAG_KNOWN_FOR_MS = 20_000;

/** Asks everybody at once; who gives no answer is left out. Never rejects. */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { connect, replication, consumers, log } = options;
  async function ask<T>(what: string, question: Promise<T>): Promise<T | undefined> {
    try {
      return await question;
    } catch (error) {
      log.debug({ error, what }, 'no answer');
      return undefined;
    }
  }
  const retired = await ask('the consumers database', listRetired(consumers));
  if (retired !== undefined) options.onRetired(retired);
  const names = options.names.filter((name) => retired?.has(name) !== true);
  const [connectors, source, slot, groups, letters, subscribers] = await Promise.all([
    ask('Kafka Connect', readConnectors(connect)),
    options.source.read(),
    ask('the replication slot', replication.read()),
    ask('Kafka', groupsOf({ ...options, names })),
    ask('the consumers database', countDeadLetters(consumers)),
    ask('the consumers database', failingSubscribers(consumers)),
  ]);
  return {
    connectors,
    source,
    slot,
    slotName: options.slotName,
    burnRate: slot?.burnRate,
    groups,
    deadLetters:
      letters === undefined
        ? undefined
        : new Map(names.map((name) => [name, deadKeysOf(letters, name)])),
    subscribers,
    errors: errorsOf(names, options.summary()),
    largestRecord: options.recordSizes.largest(),
    maxRecordBytes: options.maxRecordBytes,
  };
}

/** @throws when the brokers have not been asked for so long that their answer says nothing about now */
async function groupsOf({
  names,
  admin,
  lag,
  nowMs,
}: GatherOptions): Promise<NonNullable<Facts['groups']>> {
  const { atMs, partitions } = lag();
  if (nowMs() - atMs > LAG_KNOWN_FOR_MS) throw new Error('the lag is not known');
  return await Promise.all(
    names.map(async (consumer) => {
      const { length: members } = await admin.groupMembers(consumer);
      const mine = partitions.filter(({ service }) => service === consumer);
      const waiting = mine.filter(({ messages }) => messages > 0);
      const [oldest] = waiting.toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
      return {
        consumer,
        members,
        messages: BigInt(mine.reduce((sum, { messages }) => sum + messages, 0)),
        lagMs: (oldest?.seconds ?? 0) * 1_000,
        oldest,
      };
    }),
  );
}

function deadKeysOf(letters: Awaited<ReturnType<typeof countDeadLetters>>, name: string): number {
  return letters.find(({ consumer, state }) => consumer === name && state === 'dead')?.keys ?? 0;
}

/** The summary has rates per second of the last ten. */
function errorsOf(names: readonly string[], { services }: LiveSummary): Facts['errors'] {
  return new Map(
    names.map((name) => {
      const { failed = 0, processed = 0, skipped = 0 } = services[name] ?? {};
      return [name, { failed: failed * 10, all: (failed + processed + skipped) * 10 }];
    }),
  );
}
