import type { Lag } from '@shelfcast/schemas/monitor/numbers';
import type { TopicSizes } from '@shelfcast/schemas/monitor/topics';
import type { Topic } from '../../lib/api/producer.ts';
import { plural, span } from '../../lib/format.ts';
import { isLate } from '../consumers/consumer-state.ts';
import { consumersByTopic } from '../live/strip.ts';

/** What a topic is for. */
export interface TopicKind {
  readonly name: 'captured' | 'events' | 'deadLetters' | 'reports' | 'own';
  /** As a label. */
  readonly word: string;
  /** In a sentence. */
  readonly summary: string;
}

const CAPTURED = /^[^.]+\.([^.]+)\.(.+)$/;

export function topicKind({ name, system }: Pick<Topic, 'name' | 'system'>): TopicKind {
  if (name.endsWith('.dlq')) {
    const consumer = name.slice(0, -'.dlq'.length);
    return {
      name: 'deadLetters',
      word: 'dead letters',
      summary: `Copies of what ${consumer} could not apply, with the reason in their headers.`,
    };
  }
  if (name === 'monitoring') {
    return {
      name: 'reports',
      word: 'reports',
      summary: 'What every part reports about every change. The monitor reads it.',
    };
  }
  if (name === 'stock_alerts') {
    return {
      name: 'reports',
      word: 'alerts',
      summary: 'What the inventory says when a stock runs low, and when it is back.',
    };
  }
  if (!system) {
    return {
      name: 'events',
      word: 'events',
      summary: 'Events that systems publish through the producer API, checked against its schema.',
    };
  }
  const [, schema, table] = CAPTURED.exec(name) ?? [];
  if (schema !== undefined && table !== undefined) {
    const full = schema === 'public' ? table : `${schema}.${table}`;
    return {
      name: 'captured',
      word: 'captured table',
      summary: `Every committed change of the table ${full}, captured by Debezium.`,
    };
  }
  return {
    name: 'own',
    word: 'the pipeline’s own',
    summary: 'The pipeline keeps this for itself.',
  };
}

const ORDER: readonly TopicKind['name'][] = ['captured', 'events', 'reports', 'deadLetters', 'own'];

/** Topics that people look for before those they do not, each kind by name. */
export function inOrder<T extends Topic>(topics: readonly T[]): readonly T[] {
  const rank = (topic: Topic) => ORDER.indexOf(topicKind(topic).name);
  return [...topics].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en'));
}

export function formatRetention(retentionMs: number | null): string {
  return retentionMs === null ? 'for ever' : span(retentionMs);
}

export interface TopicReader {
  readonly service: string;
  /** Records that wait for it. */
  readonly messages: number;
  /** Whether some have waited for longer than a moment. */
  readonly isLate: boolean;
}

/** Who reads a topic, and how many records wait for each. */
export function readersOf(lag: Lag, topic: string): readonly TopicReader[] {
  const own = lag.partitions.filter((one) => one.topic === topic);
  return [...new Set(own.map(({ service }) => service))].map((service) => {
    const partitions = own.filter((one) => one.service === service);
    return {
      service,
      messages: partitions.reduce((sum, { messages }) => sum + messages, 0),
      isLate: partitions.some(isLate),
    };
  });
}

/** A topic with records that no consumer reads. */
export interface UnreadTopic {
  readonly topic: string;
  readonly records: number;
}

/** What needs no consumer: reports, copies of dead letters, and what the pipeline keeps for itself. */
const WITHOUT_CONSUMER =
  /^(monitoring|stock_alerts)$|\.dlq$|^shelfcast-connect-|^[^.]+\.shelfcast\.[^.]+$|^_/;

/** Captured tables and topics of events that hold records, and that no consumer reads; the fullest first. */
export function unreadTopics(sizes: TopicSizes, lag: Lag): readonly UnreadTopic[] {
  const read = consumersByTopic(lag);
  return sizes.items
    .filter(
      ({ topic, records }) => records > 0 && !read.has(topic) && !WITHOUT_CONSUMER.test(topic),
    )
    .map(({ topic, records }) => ({ topic, records }))
    .sort((a, b) => b.records - a.records || a.topic.localeCompare(b.topic, 'en'));
}

/** Those topics in a sentence. */
export function unreadSentence(unread: readonly UnreadTopic[]): string {
  const records = unread.reduce((sum, one) => sum + one.records, 0);
  const [first] = unread;
  if (first === undefined) return '';
  const which = unread.length === 1 ? first.topic : plural(unread.length, 'topic');
  return `No consumer reads ${which}: ${plural(records, 'record is', 'records are')} kept there, and nothing acts on ${records === 1 ? 'it' : 'them'}.`;
}

/** A length of time as people type it: `7 days`, `12 h`, `for ever`; undefined: it is none. */
export function parseRetention(text: string): number | undefined {
  const wanted = text.trim().toLowerCase();
  if (wanted === 'for ever' || wanted === 'forever') return -1;
  const [, number = '', unit = ''] =
    /^(\d+(?:\.\d+)?)\s*(min|minutes?|h|hours?|d|days?|weeks?)$/.exec(wanted) ?? [];
  if (number === '') return undefined;
  const ms = Number(number) * (UNIT_MS[unit.slice(0, 1)] ?? 0);
  return ms > 0 ? Math.round(ms) : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

export function topicsSentence(topics: readonly Topic[]): string {
  const of = (name: TopicKind['name']) =>
    topics.filter((topic) => topicKind(topic).name === name).length;
  return `${plural(of('captured'), 'captured table')} and ${plural(of('events'), 'topic')} that systems publish to, beside the pipeline’s own.`;
}
