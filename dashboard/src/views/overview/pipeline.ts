import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import { perSecond, plural } from '../../lib/format.ts';
import { describeUnknown, knownValue, mapLoaded, type Unknown } from '../../lib/loaded.ts';
import { hrefOf } from '../../lib/routes.ts';
import type { Status } from '../../lib/status.ts';
import { list } from '../event/event-messages.ts';
import { connectorSummary, slotSummary } from '../source/source-messages.ts';
import { unreadSentence } from '../topics/topic-messages.ts';
import { edgeLabel } from './edge-times.ts';
import { laneOf } from './lanes.ts';
import type { MapNode, PipelineFacts, PipelineMap } from './map-parts.ts';

const CAPTURE = 'capture';

export function pipelineMap(facts: PipelineFacts): PipelineMap {
  const captured = rateOf(facts.live, 'captured');
  const published = rateOf(facts.live, 'published');
  const both = captured === undefined || published === undefined ? undefined : captured + published;
  const database = databaseNode(facts, captured);
  const connector = connectorNode(facts, captured);
  const source = hrefOf('source');
  const isUnread =
    database.status === 'bad' || knownValue(facts.replication)?.slot?.active === false;
  return {
    database,
    connector,
    producer: {
      id: 'producer',
      title: 'Producer API',
      status: 'ok',
      word: 'takes events',
      isKnown: true,
      figures: [perSecond(published)],
      alarm: '',
      href: hrefOf('send'),
    },
    kafka: kafkaNode(facts, both),
    toConnector: {
      perSecond: captured,
      label: edgeLabel(facts.times, 'read'),
      broken: isUnread
        ? { why: 'Nothing reads the slot: see the connector', href: source }
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
    lanes: mapLoaded(facts.consumers, (items) => items.map((item) => laneOf(item, facts))),
    unread: facts.unread,
  };
}

/** The worst of it in a sentence, for the head of the map. That all is well takes that everything is known. */
export function mapSentence(map: PipelineMap): string {
  const { database, connector, kafka, unread } = map;
  const lanes = knownValue(map.lanes) ?? [];
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
  const unknown = [database, connector, kafka, ...lanes.map(({ consumer }) => consumer)]
    .filter(({ isKnown }) => !isKnown)
    .map(({ title }) => title)
    .concat(map.lanes.name === 'value' ? [] : ['the consumers'])
    .concat(unread.name === 'value' ? [] : ['who reads which topic']);
  const well =
    lanes.length === 0
      ? 'No consumer is known to this monitor.'
      : 'Every change reaches every consumer.';
  const sentences = [
    wrong.length === 0 ? '' : `${wrong.join('; ')}.`,
    unknown.length === 0 ? '' : `Not known: ${list(unknown)}.`,
    wrong.length + unknown.length === 0 ? well : '',
    unreadSentence(knownValue(unread) ?? []),
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

function databaseNode(facts: PipelineFacts, captured: number | undefined): MapNode {
  const node = { id: 'database', title: 'products', href: hrefOf('source') };
  if (facts.replication.name !== 'value') return unknown(node, facts.replication);
  const replication = facts.replication.value;
  const slot = slotSummary(replication);
  const wal = replication.slot === null ? 'no slot' : `WAL ${slot.figure.split(/ of |,/)[0]}`;
  const isWell = slot.status === 'ok';
  return {
    ...node,
    isKnown: true,
    status: slot.status,
    word: isWell ? 'is read' : `slot ${slot.word}`,
    figures: isWell ? [perSecond(captured), wal] : [wal],
    alarm: isWell ? '' : `slot ${slot.word}`,
  };
}

function connectorNode(facts: PipelineFacts, captured: number | undefined): MapNode {
  const node = { id: 'connector', title: 'Debezium', href: hrefOf('source') };
  if (facts.connectors.name !== 'value') return unknown(node, facts.connectors);
  const connectors = facts.connectors.value;
  const [first] = connectors;
  if (first === undefined) {
    return {
      ...node,
      isKnown: true,
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
    isKnown: true,
    status: worst.status,
    word: worst.word,
    figures: [
      ...(isWell ? [perSecond(captured)] : []),
      `${running}/${plural(tasks.length, 'task')}`,
    ],
    alarm: isWell ? '' : worst.word,
  };
}

function kafkaNode({ lag }: PipelineFacts, rate: number | undefined): MapNode {
  const node = { id: 'kafka', title: 'Kafka', href: hrefOf('topics') };
  if (lag.name !== 'value') return unknown(node, lag);
  const topics = new Set(
    [...lag.value.values()].flatMap((of) => of.topics.map(({ topic }) => topic)),
  );
  return {
    ...node,
    isKnown: true,
    status: 'ok',
    word: 'answers',
    figures: [perSecond(rate), plural(topics.size, 'topic')],
    alarm: '',
  };
}

function rateOf(
  live: LiveSummary | undefined,
  stage: 'captured' | 'published',
): number | undefined {
  if (live === undefined) return undefined;
  return Object.entries(live.services).reduce(
    (sum, [service, stages]) =>
      stage === 'captured' && service !== CAPTURE ? sum : sum + (stages[stage] ?? 0),
    0,
  );
}

function unknown(node: Pick<MapNode, 'id' | 'title' | 'href'>, of: Unknown): MapNode {
  const word = describeUnknown(of);
  return { ...node, status: 'off', word, isKnown: false, figures: [word], alarm: '' };
}

function severity(status: Status): number {
  return ['ok', 'off', 'warn', 'bad'].indexOf(status);
}
