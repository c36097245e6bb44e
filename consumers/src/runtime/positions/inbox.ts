import type { ClientBase } from 'pg';
import type { Classified } from './classify.ts';

/** An event that comes again after this time has its effect again. */
const REMEMBERED = '30 days';

/**
 * Notes the events of others among what is to have an effect, and takes from those that were handled before, under the
 * same id at another place of the topic, theirs. One round trip where there are such events, else none.
 */
export async function skipRepeats(
  tx: ClientBase,
  consumer: string,
  judged: readonly Classified[],
): Promise<readonly Classified[]> {
  const seen = new Map<string, Classified>();
  for (const entry of judged) {
    const { change, fresh, contested } = entry;
    if (change.origin !== 'manual' || (!fresh && contested !== true)) continue;
    const name = eventName(change.record.topic, change.id);
    if (!seen.has(name)) seen.set(name, entry);
  }
  if (seen.size === 0) return judged;
  const changes = [...seen.values()].map(({ change }) => change);
  const { rows } = await tx.query<{
    topic: string;
    event_id: string;
    partition: number;
    offset: bigint;
  }>({
    name: 'runtime.inbox',
    text: NOTE,
    values: [
      consumer,
      changes.map(({ record }) => record.topic),
      changes.map(({ id }) => id),
      changes.map(({ record }) => record.partition),
      changes.map(({ record }) => record.offset.toString()),
    ],
  });
  const places = new Map(
    rows.map((row) => [eventName(row.topic, row.event_id), `${row.partition}/${row.offset}`]),
  );
  return judged.map((entry) => {
    const { topic, partition, offset } = entry.change.record;
    const place = places.get(eventName(topic, entry.change.id));
    if (place === undefined || place === `${partition}/${offset}`) return entry;
    return { change: entry.change, fresh: false, outcome: 'repeated' };
  });
}

const NOTE = `
insert into runtime.inbox as i (consumer, topic, event_id, partition, "offset")
select $1, e.topic, e.event_id, e.partition, e."offset"
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) as e(topic, event_id, partition, "offset")
order by e.topic, e.event_id
on conflict (consumer, topic, runtime.bounded(event_id)) do update set event_id = i.event_id
returning i.topic, i.event_id, i.partition, i."offset"`;

/** Forgets what is too old to come again. */
export async function forgetHandled(
  db: Pick<ClientBase, 'query'>,
  consumer: string,
): Promise<void> {
  await db.query(
    `delete from runtime.inbox where consumer = $1 and handled_at < now() - $2::interval`,
    [consumer, REMEMBERED],
  );
}

function eventName(topic: string, id: string): string {
  return `${topic}\u0000${id}`;
}
