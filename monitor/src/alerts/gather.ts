import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { countDeadLetters } from '@shelfcast/consumers/runtime/dead-letters';
import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/logging';
import type { Pool } from 'pg';
import { readConnectors } from '../source/connectors.ts';
import type { ReplicationReader } from '../source/replication.ts';
import type { Facts } from './judge.ts';
import type { RecordSizes } from './record-sizes.ts';

export interface GatherOptions {
  /** Names of the consumers there are, which are their groups. */
  readonly names: readonly string[];
  readonly connect: ConnectClient;
  readonly replication: ReplicationReader;
  readonly admin: Pick<KafkaAdmin, 'groupMembers'>;
  /** The consumers' database. */
  readonly consumers: Pool;
  readonly lag: () => Lag;
  readonly summary: () => LiveSummary;
  readonly recordSizes: RecordSizes;
  readonly maxRecordBytes: number;
  readonly log: Logger;
}

/** Asks everybody at once; who gives no answer is left out. Never rejects. */
export async function gatherFacts(options: GatherOptions): Promise<Facts> {
  const { names, connect, replication, admin, consumers, log } = options;
  async function ask<T>(what: string, question: Promise<T>): Promise<T | undefined> {
    try {
      return await question;
    } catch (error) {
      log.debug({ error, what }, 'no answer');
      return undefined;
    }
  }
  const [connectors, source, groups, letters] = await Promise.all([
    ask('Kafka Connect', readConnectors(connect)),
    ask('the products database', replication.read()),
    ask('Kafka', groupsOf(names, admin, options.lag())),
    ask('the consumers database', countDeadLetters(consumers)),
  ]);
  return {
    connectors,
    replication: source,
    groups,
    deadLetters:
      letters === undefined
        ? undefined
        : new Map(names.map((name) => [name, deadKeysOf(letters, name)])),
    errors: errorsOf(names, options.summary()),
    largestRecord: options.recordSizes.largest(),
    maxRecordBytes: options.maxRecordBytes,
  };
}

async function groupsOf(
  names: readonly string[],
  admin: GatherOptions['admin'],
  { partitions }: Lag,
): Promise<NonNullable<Facts['groups']>> {
  return await Promise.all(
    names.map(async (consumer) => {
      const { length: members } = await admin.groupMembers(consumer);
      const mine = partitions.filter(({ service }) => service === consumer);
      return {
        consumer,
        members,
        messages: BigInt(mine.reduce((sum, { messages }) => sum + messages, 0)),
        lagMs: Math.max(0, ...mine.map(({ seconds }) => (seconds ?? 0) * 1_000)),
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
