import { endsOf, type Watermark } from '@shelfcast/connect-config/initial-snapshot';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { recordsBehind } from '../runtime/sweep/arguments.ts';
import type { RebuildRow } from './rebuilds.ts';

/** Has the group begin at the present ends of the topics: what is before them, the snapshot will tell. */
export async function beginAtEnds(
  admin: KafkaAdmin,
  groupId: string,
  topics: readonly string[],
): Promise<Watermark[]> {
  const ends = await endsOf(admin, topics);
  await admin.deleteGroup(groupId);
  await admin.setGroupOffsets(groupId, ends);
  const committed = await admin.groupOffsets(groupId, topics);
  for (const { topic, partition, offset } of ends) {
    const found = committed.find((at) => at.topic === topic && at.partition === partition)?.offset;
    if (found === offset) continue;
    throw new Error(`group ${groupId} begins at ${found} of ${topic}[${partition}], not ${offset}`);
  }
  return ends;
}

export interface Progress {
  /** How far the group is, in words. */
  readonly text: string;
  /** Whether the snapshot, and all before its end, is handled. */
  readonly complete: boolean;
  /** The group's committed offsets. */
  readonly handled: readonly Watermark[];
}

export async function progressOf(
  admin: KafkaAdmin,
  groupId: string,
  { snapshotLsn, snapshotEnded }: RebuildRow,
  beganAt: readonly Watermark[],
): Promise<Progress> {
  const handled = await handledBy(admin, groupId, beganAt);
  const records = handled.reduce(
    (sum, { offset }, index) => sum + offset - (beganAt[index]?.offset ?? offset),
    0n,
  );
  const text = `${records} records read`;
  if (snapshotEnded === null) {
    const what =
      snapshotLsn === null ? 'the snapshot is not asked for yet' : 'the snapshot goes on';
    return { text: `${text}; ${what}`, complete: false, handled };
  }
  const missing = await recordsBehind(admin, groupId, [...snapshotEnded]);
  return missing === 0n
    ? { text: `${text}: caught up`, complete: true, handled }
    : { text: `${text}, ${missing} to go`, complete: false, handled };
}

/** The same places, with the offsets that the group has committed. */
async function handledBy(
  admin: KafkaAdmin,
  groupId: string,
  places: readonly Watermark[],
): Promise<Watermark[]> {
  const committed = await admin.groupOffsets(groupId, [
    ...new Set(places.map(({ topic }) => topic)),
  ]);
  return places.map((place) => {
    const found = committed.find(
      ({ topic, partition }) => topic === place.topic && partition === place.partition,
    );
    return { ...place, offset: found?.offset ?? place.offset };
  });
}
