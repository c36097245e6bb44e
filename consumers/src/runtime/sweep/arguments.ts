import { encodePosition, isPosition } from '@shelfcast/schemas/position';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';

const whole = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a whole number, as text')
  .transform(BigInt);

const offsets = z.array(
  z.object({ topic: z.string(), partition: z.number().int().min(0), offset: whole }),
);

const common = {
  /** What was read (see `Change.entity`). */
  entities: z.array(z.string().min(1)).min(1),
  /** Offsets that the group must have reached before it sweeps: all that was read lies below them. */
  watermarks: offsets,
  /** The most keys of this consumer that may be removed although they are many (see `brake`). */
  confirmed: z.number().int().min(0).default(0),
};

/** After a full snapshot: what this epoch has not seen is gone. */
const afterEpoch = z.object({ epoch: whole, ...common }).transform(({ epoch, ...rest }) => ({
  ...rest,
  floor: encodePosition({ epoch, sequence: [null, null], snapshot: true }),
  /** It happened at an unknown time before the epoch began, which is its first second. */
  goneAtMs: Number(epoch) * 1_000,
  requestedFrom: [] as z.output<typeof offsets>,
}));

/** After a read of some tables: what existed at its request and was not seen at or above that position is gone. */
const afterRead = z.object({
  /** Position of the request: above every change that committed before it, not above what the read saw. */
  floor: z.custom<ReturnType<typeof encodePosition>>(
    (text) => typeof text === 'string' && isPosition(text) && !text.startsWith('m-'),
    'must be the position of a captured change',
  ),
  /** When the read was asked for, Unix milliseconds. */
  goneAtMs: z.number().int().min(0),
  /** Ends of the topics at the request: a parked change at or beyond them is newer than the request. */
  requestedFrom: offsets,
  ...common,
});

/** Arguments of the command `sweep`. */
export const sweepArguments = z.union([afterEpoch, afterRead]);

export type SweepArguments = z.output<typeof sweepArguments>;

/**
 * Records below the watermarks that no member of the group has handled. What retention has deleted counts as handled:
 * it will not come any more.
 */
export async function recordsBehind(
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'watermarks'>,
  group: string,
  watermarks: SweepArguments['watermarks'],
): Promise<bigint> {
  const topics = [...new Set(watermarks.map(({ topic }) => topic))];
  const committed = new Map<string, bigint>();
  for (const { topic, partition, offset } of await admin.groupOffsets(group, topics)) {
    if (offset !== null) committed.set(partitionKey({ topic, partition }), offset);
  }
  let behind = 0n;
  for (const topic of topics) {
    const wanted = watermarks.filter((mark) => mark.topic === topic);
    const reached = ({ partition }: { partition: number }): bigint =>
      committed.get(partitionKey({ topic, partition })) ?? 0n;
    if (wanted.every((mark) => reached(mark) >= mark.offset)) continue;
    const ends = await admin.watermarks(topic);
    for (const mark of wanted) {
      const low = ends.get(mark.partition)?.low ?? 0n;
      const next = reached(mark) > low ? reached(mark) : low;
      if (next < mark.offset) behind += mark.offset - next;
    }
  }
  return behind;
}
