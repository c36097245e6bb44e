import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import { perSecond, plural } from '../../lib/format.ts';
import { hrefOf } from '../../lib/routes.ts';
import type { Status } from '../../lib/status.ts';
import { connectorSummary, slotSummary } from '../source/source-words.ts';
import { edgeLabel } from './edge-times.ts';
import { laneOf } from './lanes.ts';
import type { MapNode, PipelineFacts, PipelineMap } from './map-parts.ts';

const CAPTURE = 'capture';

export function pipelineMap(facts: PipelineFacts): PipelineMap {
  const captured = rateOf(facts.live, 'captured');
  const published = rateOf(facts.live, 'published');
  const database = databaseNode(facts, captured);
  const connector = connectorNode(facts, captured);
  const source = hrefOf('source');
  const isUnread = database.status === 'bad' || facts.replication?.slot?.active === false;
  return {
    database,
    connector,
    producer: {
      id: 'producer',
      title: 'Producer API',
      status: 'ok',
      word: 'takes events',
      figures: [perSecond(published)],
      alarm: '',
      href: hrefOf('send'),
    },
    kafka: kafkaNode(facts, captured + published),
    toConnector: {
      perSecond: captured,
      label: edgeLabel(facts.times, 'read'),
      broken: isUnread
        ? { why: 'Nobody reads the slot: see the connector', href: source }
        : undefined,
    },
    toKafka: {
      perSecond: captured,
      label: edgeLabel(facts.times, 'written'),
      broken:
        connector.status === 'bad' || connector.word === 'paused'
          ? { why: `${connector.title} ${connector.word}: see the cause`, href: source }
          : undefined,
    },
    fromProducer: { perSecond: published, label: '', broken: undefined },
    lanes: (facts.consumers ?? []).map((item) => laneOf(item, facts)),
  };
}

/** The worst of it in a sentence, for the head of the map. */
export function mapSentence({ database, connector, lanes }: PipelineMap): string {
  const isWrong = ({ status }: MapNode): boolean => status === 'bad' || status === 'warn';
  const wrong = [database, connector]
    .filter(isWrong)
    .map(({ title, word }) => `${title}: ${word}`)
    .concat(
      lanes.flatMap(({ consumer, effect }) => {
        if (isWrong(consumer)) return [`${consumer.title}: ${consumer.word}`];
        return isWrong(effect) ? [`${consumer.title}: ${effect.word}`] : [];
      }),
    );
  if (wrong.length > 0) return `${wrong.join('; ')}.`;
  return lanes.length === 0 ? 'No consumer is known yet.' : 'Every change reaches every consumer.';
}

function databaseNode({ replication }: PipelineFacts, captured: number): MapNode {
  const node = { id: 'database', title: 'products', href: hrefOf('source') };
  if (replication === undefined) return unknown(node);
  const slot = slotSummary(replication);
  const wal = replication.slot === null ? 'no slot' : `WAL ${slot.figure.split(/ of |,/)[0]}`;
  const isWell = slot.status === 'ok';
  return {
    ...node,
    status: slot.status,
    word: isWell ? 'is read' : `slot ${slot.word}`,
    figures: isWell ? [perSecond(captured), wal] : [wal],
    alarm: isWell ? '' : `slot ${slot.word}`,
  };
}

function connectorNode({ connectors }: PipelineFacts, captured: number): MapNode {
  const node = { id: 'connector', title: 'Debezium', href: hrefOf('source') };
  if (connectors === undefined) return unknown(node);
  const [first] = connectors;
  if (first === undefined) {
    return {
      ...node,
      status: 'bad',
      word: 'is not registered',
      figures: [],
      alarm: 'no connector',
    };
  }
  const tasks = connectors.flatMap((connector) => connector.tasks);
  const running = tasks.filter(({ state }) => state === 'RUNNING').length;
  const worst = connectors
    .map(connectorSummary)
    .reduce((a, b) => (severity(b.status) > severity(a.status) ? b : a));
  const isWell = worst.status === 'ok';
  return {
    ...node,
    status: worst.status,
    word: worst.word,
    figures: [
      ...(isWell ? [perSecond(captured)] : []),
      `${running}/${plural(tasks.length, 'task')}`,
    ],
    alarm: isWell ? '' : worst.word,
  };
}

function kafkaNode({ lag }: PipelineFacts, rate: number): MapNode {
  const node = { id: 'kafka', title: 'Kafka', href: hrefOf('topics') };
  if (lag === undefined) return unknown(node);
  const topics = new Set([...lag.values()].flatMap((of) => of.topics.map(({ topic }) => topic)));
  return {
    ...node,
    status: 'ok',
    word: 'answers',
    figures: [perSecond(rate), plural(topics.size, 'topic')],
    alarm: '',
  };
}

function rateOf(live: LiveSummary | undefined, stage: 'captured' | 'published'): number {
  const services = Object.entries(live?.services ?? {});
  return services.reduce(
    (sum, [service, stages]) =>
      stage === 'captured' && service !== CAPTURE ? sum : sum + (stages[stage] ?? 0),
    0,
  );
}

function unknown(node: Pick<MapNode, 'id' | 'title' | 'href'>): MapNode {
  return { ...node, status: 'off', word: 'not known', figures: ['not known yet'], alarm: '' };
}

function severity(status: Status): number {
  return ['ok', 'off', 'warn', 'bad'].indexOf(status);
}
