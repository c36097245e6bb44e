import { problem } from '@shelfcast/service-kit/finding';
import { formatTableName, type TableName } from '../table-name.ts';
import { addTable } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/** A topic that a consumer waits for, since Kafka does not have it. */
export interface AwaitedTopic {
  readonly consumer: string;
  readonly topic: string;
  /** The table whose changes it would have. */
  readonly of: TableName;
}

/**
 * Topics that consumers read and that do not exist, of tables that are not captured. Where one of a captured table is
 * missing, it is the connector that is looked at.
 */
export function checkAwaitedTopics(
  awaited: readonly AwaitedTopic[],
  captured: readonly TableName[],
): SourceFinding[] {
  const known = new Set(captured.map(formatTableName));
  const missing = awaited.filter(({ of }) => !known.has(formatTableName(of)));
  const topics = new Map(missing.map((one) => [one.topic, one]));
  return [...topics.values()].map(({ topic, of }) => {
    const waiting = missing.filter((one) => one.topic === topic).map(({ consumer }) => consumer);
    const name = formatTableName(of);
    return problem(
      'awaited-topic',
      `${waiting.join(' and ')} ${waiting.length === 1 ? 'waits' : 'wait'} for topic ${topic}, but ${name} is not captured: nothing of it comes.`,
      addTable(name),
      { subject: topic },
    );
  });
}
