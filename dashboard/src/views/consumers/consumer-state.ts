import type { Alert } from '@shelfcast/schemas/monitor/live';
import type { Lag, PartitionLagNumbers } from '@shelfcast/schemas/monitor/numbers';
import type { ConsumerItem } from '@shelfcast/schemas/monitor/operations';
import { plural, span } from '../../lib/format.ts';
import { describeUnknown, knownValue, type Loaded, type Unknown } from '../../lib/loaded.ts';
import type { Status } from '../../lib/status.ts';
import { describeTrend, type Trend } from './trend.ts';

export interface TopicLag {
  readonly topic: string;
  readonly messages: number;
  /** By their numbers. */
  readonly partitions: readonly PartitionLagNumbers[];
}

export interface ServiceLag {
  readonly service: string;
  readonly messages: number;
  /** Of the partition that is furthest behind; null where it is not known. */
  readonly seconds: number | null;
  readonly topics: readonly TopicLag[];
}

/** The lag of each reader, with its topics by name. */
export function lagByService({ partitions }: Lag): ReadonlyMap<string, ServiceLag> {
  const services = new Map<string, PartitionLagNumbers[]>();
  for (const one of partitions) {
    const own = services.get(one.service) ?? [];
    own.push(one);
    services.set(one.service, own);
  }
  return new Map([...services].map(([service, own]) => [service, serviceLag(service, own)]));
}

function serviceLag(service: string, own: readonly PartitionLagNumbers[]): ServiceLag {
  const topics = [...new Set(own.map(({ topic }) => topic))].sort();
  const known = own.flatMap(({ seconds }) => (seconds === null ? [] : [seconds]));
  const messages = sum(own);
  return {
    service,
    messages,
    seconds: messages > 0 && known.every((s) => s === 0) ? null : Math.max(0, ...known),
    topics: topics.map((topic) => {
      const ofTopic = own.filter((one) => one.topic === topic);
      return {
        topic,
        messages: sum(ofTopic),
        partitions: ofTopic.sort((a, b) => a.partition - b.partition),
      };
    }),
  };
}

/** Whether what waits has done so for long enough to be told of: the newest record always waits for a moment. */
export function isLate(
  lag: Pick<PartitionLagNumbers, 'messages' | 'seconds'> | undefined,
): boolean {
  return lag !== undefined && lag.messages > 0 && (lag.seconds ?? Number.POSITIVE_INFINITY) >= 1;
}

function sum(partitions: readonly PartitionLagNumbers[]): number {
  return partitions.reduce((total, { messages }) => total + messages, 0);
}

export interface ConsumerState {
  readonly status: Status;
  /** In a word or two: `keeps up`, `paused`, `behind`. */
  readonly word: string;
  /** With figures, and what follows. */
  readonly summary: string;
  /** Whether enough was answered to judge it. */
  readonly isKnown: boolean;
}

/** Behind by less than this is the ordinary way of things, in seconds. */
const USUAL_SECONDS = 5;

/** What is known of a consumer. */
export interface ConsumerFacts {
  readonly item: ConsumerItem;
  /** Undefined is known as well: it has read nothing yet. */
  readonly lag: Loaded<ServiceLag | undefined>;
  readonly trend: Trend;
  readonly alerts: Loaded<readonly Alert[]>;
}

/** How a consumer does, in words. That it keeps up is only said when both its lag and its alerts are known. */
export function consumerState(facts: ConsumerFacts): ConsumerState {
  const { item, lag, alerts } = facts;
  const waits = describeWaiting(lag);
  if (item.paused !== null) {
    const summary = `Changes wait in Kafka, in order, until it is resumed. ${waits}`;
    return { status: 'warn', word: 'paused', summary, isKnown: true };
  }
  if (knownValue(alerts)?.some(({ name }) => name === 'ConsumerSilent')) {
    const summary = `No process consumes as ${item.name}. Nothing is lost: it goes on where it stopped. ${waits}`;
    return { status: 'bad', word: 'not running', summary, isKnown: true };
  }
  if (lag.name !== 'value') return unknownState(lag, waits);
  if (alerts.name !== 'value') {
    return unknownState(alerts, `Whether it runs is ${describeUnknown(alerts)}. ${waits}`);
  }
  return { ...stateByLag(lag.value, facts.trend, waits), isKnown: true };
}

function unknownState(of: Unknown, summary: string): ConsumerState {
  return { status: 'off', word: describeUnknown(of), summary, isKnown: false };
}

function stateByLag(
  lag: ServiceLag | undefined,
  trend: Trend,
  waits: string,
): Omit<ConsumerState, 'isKnown'> {
  if (lag === undefined) return { status: 'off', word: 'nothing read yet', summary: waits };
  if (lag.messages === 0) return { status: 'ok', word: 'keeps up', summary: waits };
  const end = describeTrend(trend);
  const summary = end === '' ? waits : `${waits.slice(0, -1)}; ${end}.`;
  if ((lag.seconds ?? 0) < USUAL_SECONDS) return { status: 'ok', word: 'keeps up', summary };
  return { status: trend.name === 'shrinking' ? 'warn' : 'bad', word: 'behind', summary };
}

function describeWaiting(loaded: ConsumerFacts['lag']): string {
  if (loaded.name !== 'value') return `How many changes wait is ${describeUnknown(loaded)}.`;
  const lag = loaded.value;
  if (lag === undefined) return 'It has not read anything yet.';
  if (lag.messages === 0) return 'Nothing waits.';
  const age =
    lag.seconds === null || !isLate(lag) ? '' : `, the oldest since ${span(lag.seconds * 1_000)}`;
  return `${plural(lag.messages, 'change waits', 'changes wait')}${age}.`;
}

/** All consumers in a sentence, for the head of the view. */
export function consumersSentence(states: readonly ConsumerState[]): string {
  const wrong = states.filter(({ status }) => status !== 'ok');
  if (states.length === 0) return 'There are no consumers.';
  if (wrong.length === 0) return `${plural(states.length, 'consumer')}, and all keep up.`;
  const words = [...new Set(wrong.map(({ word }) => word))].map(
    (word) => `${wrong.filter((one) => one.word === word).length} ${word}`,
  );
  return `${plural(states.length, 'consumer')}: ${words.join(', ')}.`;
}
