import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { orOk, problem } from '@shelfcast/service-kit/finding';
import { formatTableName } from '../table-name.ts';
import type { BrokerFacts } from './read-broker.ts';
import { resyncTable } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

const REGISTER = 'make connector-register';

/** Topics that the connector or a service writes to and that Kafka does not have. */
export function checkWrittenTopics(
  { written, others, existing }: Pick<BrokerFacts, 'written' | 'others' | 'existing'>,
  captured: readonly CapturedTable[],
): SourceFinding[] {
  const names = new Set(captured.map(formatTableName));
  const missing = written.filter(({ topic }) => !existing.has(topic));
  return orOk(
    'topic',
    [
      ...missing.map(({ topic, table }) =>
        table === undefined || !names.has(table)
          ? undeclaredTopic(topic, table)
          : lostTopic(topic, table),
      ),
      ...others.filter((topic) => !existing.has(topic)).map(serviceTopic),
    ],
    `Kafka has each of the ${written.length + others.length} topics that are written to`,
  );
}

function serviceTopic(topic: string): SourceFinding {
  return problem(
    'topic',
    `Topic ${topic} does not exist: who writes to it waits or fails.`,
    REGISTER,
    { subject: topic },
  );
}

/** The heartbeat's topics are declared but hold nothing that has to be read again. */
function undeclaredTopic(topic: string, table: string | undefined): SourceFinding {
  const source = table === undefined ? '' : `, where changes of ${table} go, which is not captured`;
  return problem(
    'topic',
    `Topic ${topic} does not exist${source}: the connector waits for it at the first record, and every table with it.`,
    REGISTER,
    { subject: topic },
  );
}

function lostTopic(topic: string, table: string): SourceFinding {
  return problem(
    'topic',
    `Topic ${topic} does not exist: the connector waits for it at the next change of ${table}, and every table with it. Records that consumers had not handled are lost.`,
    `${REGISTER} && ${resyncTable(table)}`,
    { subject: topic, readAgain: 'table' },
  );
}
