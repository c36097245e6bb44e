import { note, ok, problem } from '@shelfcast/service-kit/finding';
import { longDuration } from '@shelfcast/service-kit/format';
import { heartbeatTopic } from '../heartbeat.ts';
import { type Arrivals, HEARTBEAT_LATE_MS } from './arrivals.ts';
import type { ConnectorPresence } from './check-connector.ts';
import type { SourceFinding } from './source-finding.ts';

/** The way of a heartbeat, from the connector's statement in the database to the record in Kafka. */
export interface HeartbeatFacts {
  /** Since the connector last wrote it, by Postgres' clock; undefined: its row is gone. */
  readonly writtenAgeMs: number | undefined;
  /** Undefined: Kafka was not asked. */
  readonly arrivals: Pick<Arrivals, 'heartbeatAgeMs' | 'changeAgeMs'> | undefined;
  readonly presence: ConnectorPresence;
  readonly topicPrefix: string;
  /** Topics that the connector writes to and that do not exist: one record for them holds up all others. */
  readonly missingTopics: readonly string[];
  /** Age from which it is late (default: three intervals). */
  readonly lateMs?: number;
}

const RESTART = 'make connector-restart';
const REGISTER = 'make connector-register';

/** Whether changes arrive in Kafka. A heartbeat that is only written proves nothing of that. */
export function checkHeartbeat(facts: HeartbeatFacts): SourceFinding {
  const { writtenAgeMs, arrivals, presence, lateMs = HEARTBEAT_LATE_MS } = facts;
  if (writtenAgeMs === undefined) {
    return problem(
      'heartbeat',
      'The heartbeat has lost its row: in an idle database the slot stands still and WAL grows.',
      'make psql DB=products SQL="insert into shelfcast.heartbeat default values"',
    );
  }
  if (presence !== 'running') {
    const age = arrivals?.heartbeatAgeMs ?? writtenAgeMs;
    const summary = `The last heartbeat was ${longDuration(age)} ago`;
    return age <= lateMs
      ? ok('heartbeat', summary)
      : note('heartbeat', `${summary}; the connector does not run.`);
  }
  if (writtenAgeMs > lateMs) {
    const summary = `The connector last wrote the heartbeat ${longDuration(writtenAgeMs)} ago, and should every 5 s.`;
    return problem('heartbeat', summary, RESTART);
  }
  if (arrivals === undefined) {
    return note('heartbeat', 'Whether heartbeats arrive in Kafka could not be asked.');
  }
  return checkArrival(facts, arrivals, lateMs);
}

function checkArrival(
  { topicPrefix, missingTopics }: HeartbeatFacts,
  { heartbeatAgeMs, changeAgeMs }: NonNullable<HeartbeatFacts['arrivals']>,
  lateMs: number,
): SourceFinding {
  const topic = heartbeatTopic(topicPrefix);
  if (heartbeatAgeMs !== undefined && heartbeatAgeMs <= lateMs) {
    return ok(
      'heartbeat',
      `The last heartbeat arrived in Kafka ${longDuration(heartbeatAgeMs)} ago`,
    );
  }
  const last =
    heartbeatAgeMs === undefined
      ? `No heartbeat has arrived in Kafka (${topic})`
      : `The last heartbeat arrived in Kafka (${topic}) ${longDuration(heartbeatAgeMs)} ago`;
  if (changeAgeMs !== undefined && changeAgeMs <= lateMs) {
    return note('heartbeat', `${last}, but changes arrive: the connector has much to read.`);
  }
  const summary = `${last}, though the connector runs and writes one every 5 s: no change arrives.`;
  if (missingTopics.length === 0) {
    return problem('heartbeat', `${summary} Connect’s log has the reason.`, RESTART);
  }
  const waited = missingTopics.join(', ');
  return problem(
    'heartbeat',
    `${summary} Kafka has no topic ${waited}, and a record for it is waited for without end.`,
    REGISTER,
  );
}
