import type { Alert, LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Summary } from '@shelfcast/schemas/monitor/numbers';
import type {
  ConnectorItem,
  ConsumerItem,
  ReplicationState,
} from '@shelfcast/schemas/monitor/operations';
import { count, milliseconds, perSecond, plural, span } from '../../lib/format.ts';
import { hrefOf } from '../../lib/routes.ts';
import type { Status } from '../../lib/status.ts';
import { consumerState, type ServiceLag } from '../consumers/consumer-state.ts';
import { connectorSummary, slotSummary } from '../source/source-words.ts';
import { type EdgeTimes, medianOf } from './edge-times.ts';

/** A box of the map. */
export interface MapNode {
  readonly id: string;
  readonly title: string;
  readonly status: Status;
  /** The state in a word or two, for those who do not see the colour. */
  readonly word: string;
  /** Rate, lag and the like, the most telling first. */
  readonly figures: readonly string[];
  /** Of the figures: what makes it that state; in its colour. */
  readonly alarm: string;
  /** Where its cause, and what can be done, is. */
  readonly href: string;
}

/** What goes from one box to the next. */
export interface MapEdge {
  /** Changes per second; 0: nothing moves. */
  readonly perSecond: number;
  /** Median of the latest changes; empty while it is not known. */
  readonly label: string;
  /** Where the cause is, when nothing comes through; undefined when all is well. */
  readonly broken: { readonly why: string; readonly href: string } | undefined;
}

export interface Lane {
  readonly consumer: MapNode;
  readonly effect: MapNode;
  readonly toConsumer: MapEdge;
  readonly toEffect: MapEdge;
}

export interface PipelineMap {
  readonly database: MapNode;
  readonly connector: MapNode;
  readonly producer: MapNode;
  readonly kafka: MapNode;
  readonly toConnector: MapEdge;
  readonly toKafka: MapEdge;
  readonly fromProducer: MapEdge;
  readonly lanes: readonly Lane[];
}

/** What is known now; undefined: it could not be asked, or not yet. */
export interface PipelineFacts {
  readonly summary: Summary | undefined;
  readonly live: LiveSummary | undefined;
  readonly lag: ReadonlyMap<string, ServiceLag> | undefined;
  readonly connectors: readonly ConnectorItem[] | undefined;
  readonly replication: ReplicationState | undefined;
  readonly consumers: readonly ConsumerItem[] | undefined;
  readonly alerts: readonly Alert[];
  readonly times: EdgeTimes;
}

/** What consumers do, in a word; those of others write to tables of their own. */
const EFFECTS: Readonly<Record<string, string>> = {
  catalogue: 'read model',
  pricing: 'prices, webhooks',
  inventory: 'stock alerts',
};
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
      label: label(facts.times, 'read'),
      broken: isUnread
        ? { why: 'Nobody reads the slot: see the connector', href: source }
        : undefined,
    },
    toKafka: {
      perSecond: captured,
      label: label(facts.times, 'written'),
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

function laneOf(item: ConsumerItem, facts: PipelineFacts): Lane {
  const { name, deadLetters, retrying } = item;
  const lag = facts.lag?.get(name);
  const own = facts.alerts.filter(({ subject, state }) => subject === name && state === 'firing');
  const state = consumerState({ item, lag, trend: { name: 'unknown' }, alerts: own });
  const rate = facts.live?.services[name]?.processed ?? 0;
  const behind = lag === undefined ? '' : lagFigure(lag);
  const isWell = state.status === 'ok' || state.status === 'off';
  const consumer: MapNode = {
    id: name,
    title: name,
    status: state.status,
    word: state.word,
    figures: [perSecond(rate), ...(isWell && behind !== '' ? [behind] : [])],
    alarm: isWell ? '' : [state.word, lag?.messages ? behind : ''].filter(Boolean).join(' · '),
    href: hrefOf('consumers'),
  };
  const held = deadLetters + retrying;
  const numbers = facts.summary?.services.find(({ service }) => service === name);
  const p99 = numbers?.latencyMs?.p99;
  const effect: MapNode = {
    id: `${name} effect`,
    title: EFFECTS[name] ?? 'its own tables',
    status: deadLetters > 0 ? 'bad' : retrying > 0 ? 'warn' : 'ok',
    word:
      deadLetters > 0
        ? plural(deadLetters, 'dead letter')
        : retrying > 0
          ? plural(retrying, 'key is tried again', 'keys are tried again')
          : 'applied',
    figures: held > 0 || p99 === undefined ? [] : [`p99 ${milliseconds(p99)}`],
    alarm:
      held === 0
        ? ''
        : deadLetters > 0
          ? plural(deadLetters, 'dead letter')
          : `${count(retrying)} tried again`,
    href:
      held > 0
        ? hrefOf('deadLetters', { query: { consumer: name } })
        : hrefOf('live', { query: { service: name } }),
  };
  const stops = state.word === 'paused' || state.word === 'not running';
  return {
    consumer,
    effect,
    toConsumer: {
      perSecond: rate,
      label: '',
      broken: stops
        ? { why: `${name} is ${state.word}: see what to do`, href: consumer.href }
        : undefined,
    },
    toEffect: {
      perSecond: rate,
      label: label(facts.times, name),
      broken:
        deadLetters > 0
          ? { why: `${effect.alarm} of ${name}: inspect and redrive`, href: effect.href }
          : undefined,
    },
  };
}

function lagFigure({ messages, seconds }: ServiceLag): string {
  if (messages === 0) return 'lag 0';
  const age = seconds === null || seconds < 1 ? '' : ` · ${span(seconds * 1_000)}`;
  return `lag ${count(messages)}${age}`;
}

function rateOf(live: LiveSummary | undefined, stage: 'captured' | 'published'): number {
  const services = Object.entries(live?.services ?? {});
  return services.reduce(
    (sum, [service, stages]) =>
      stage === 'captured' && service !== CAPTURE ? sum : sum + (stages[stage] ?? 0),
    0,
  );
}

function label(times: EdgeTimes, edge: string): string {
  const median = medianOf(times, edge);
  return median === undefined ? '' : milliseconds(median);
}

function unknown(node: Pick<MapNode, 'id' | 'title' | 'href'>): MapNode {
  return { ...node, status: 'off', word: 'not known', figures: ['not known yet'], alarm: '' };
}

function severity(status: Status): number {
  return ['ok', 'off', 'warn', 'bad'].indexOf(status);
}
