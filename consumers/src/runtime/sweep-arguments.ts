import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';

const whole = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a whole number, as text')
  .transform(BigInt);

/** Arguments of the command `sweep`. */
export const sweepArguments = z.object({
  /** The epoch whose snapshot is complete. */
  epoch: whole,
  /** What the snapshot has read (see `Change.entity`). */
  entities: z.array(z.string().min(1)).min(1),
  /** Offsets that the group must have reached before it sweeps: the snapshot lies below them. */
  watermarks: z.array(
    z.object({ topic: z.string(), partition: z.number().int().min(0), offset: whole }),
  ),
});

export type SweepArguments = z.output<typeof sweepArguments>;

/**
 * Records below the watermarks that the group has not handled, whoever holds the partitions. What retention has deleted
 * counts as handled: it will not come any more.
 */
export async function recordsBehind(
  admin: Pick<KafkaAdmin, 'groupOffsets' | 'watermarks'>,
  group: string,
  watermarks: SweepArguments['watermarks'],
): Promise<bigint> {
  const topics = [...new Set(watermarks.map(({ topic }) => topic))];
  const committed = new Map<string, bigint>();
  for (const { topic, partition, offset } of await admin.groupOffsets(group, topics)) {
    if (offset !== null) committed.set(`${topic}/${partition}`, offset);
  }
  let behind = 0n;
  for (const topic of topics) {
    const wanted = watermarks.filter((mark) => mark.topic === topic);
    const reached = ({ partition }: { partition: number }): bigint =>
      committed.get(`${topic}/${partition}`) ?? 0n;
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
