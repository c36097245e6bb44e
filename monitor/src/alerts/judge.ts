import type { SourceFacts } from '@shelfcast/connect-config/health/check-source';
import type { FailingSubscriber } from '@shelfcast/consumers/operations/subscribers';
import { longDuration, size } from '@shelfcast/service-kit/format';
import type { BurnRate } from '../source/burn-rate.ts';
import { type ConnectorState, failuresOf } from '../source/connectors.ts';
import type { Replication } from '../source/replication.ts';
import type { AlertName, Condition, Judgement } from './alert.ts';
import type { AlertThresholds } from './settings.ts';
import { judgeSource } from './source-alerts.ts';

/** What was found out; undefined: it could not be asked, so nothing is known about it. */
export interface Facts {
  readonly connectors: readonly ConnectorState[] | undefined;
  readonly source: SourceFacts;
  /** As of this look; undefined: it could not be asked. */
  readonly slot: Pick<Replication, 'slot'> | undefined;
  readonly slotName: string;
  /** How quickly the slot's budget is being used up; undefined where it is not, or is not known. */
  readonly burnRate: BurnRate | undefined;
  readonly groups:
    | readonly {
        readonly consumer: string;
        readonly members: number;
        /** Records that wait, and the age of the oldest of them. */
        readonly messages: bigint;
        readonly lagMs: number;
        /** Where the oldest is; undefined: none waits. */
        readonly oldest: { readonly topic: string; readonly partition: number } | undefined;
      }[]
    | undefined;
  readonly deadLetters: ReadonlyMap<string, number> | undefined;
  /** Of webhooks; those that get nothing until people act. */
  readonly subscribers: readonly FailingSubscriber[] | undefined;
  /** Of consumers, in the last ten seconds; reports of failures among all. */
  readonly errors: ReadonlyMap<string, { readonly failed: number; readonly all: number }>;
  /** The largest captured record of the last ten minutes. */
  readonly largestRecord: { readonly topic: string; readonly bytes: number } | undefined;
  readonly maxRecordBytes: number;
}

/** Fewer reports than this in ten seconds make no rate. */
const MIN_REPORTS = 20;
const NO_CONSUMERS_DATABASE: Condition = {
  name: 'Unreachable',
  subject: 'the consumers database',
  severity: 'critical',
  summary:
    'The consumers database does not answer: what waits there is not known, and no consumer gets on.',
  remedy: 'make logs SERVICE=postgres',
  passes: true,
};

/** What the facts mean; a pure function. */
export function judge(facts: Facts, thresholds: AlertThresholds): Judgement {
  const unknown = new Set<AlertName>();
  const conditions: Condition[] = [];
  if (facts.connectors === undefined) unknown.add('TaskFailed');
  else conditions.push(...facts.connectors.flatMap(judgeConnector));
  const source = judgeSource(facts.source, { ...facts, thresholds });
  conditions.push(...source.conditions);
  for (const name of source.unknown) unknown.add(name);
  if (facts.groups === undefined) unknown.add('ConsumerLag').add('ConsumerSilent');
  else conditions.push(...facts.groups.flatMap((group) => judgeGroup(group, thresholds)));
  if (facts.deadLetters === undefined) {
    unknown.add('DeadLetters');
    conditions.push(NO_CONSUMERS_DATABASE);
  } else conditions.push(...judgeDeadLetters(facts.deadLetters, thresholds));
  if (facts.subscribers === undefined) unknown.add('SubscriberFailing');
  else conditions.push(...facts.subscribers.map(judgeSubscriber));
  conditions.push(...judgeErrors(facts.errors, thresholds), ...judgeRecord(facts, thresholds));
  return { conditions, unknown };
}

function judgeConnector(connector: ConnectorState): Condition[] {
  const [failure] = failuresOf(connector);
  if (failure === undefined) return [];
  const { cause, meaning, remedy, needsResync } = failure;
  return [
    {
      name: 'TaskFailed',
      subject: connector.name,
      severity: 'critical',
      summary: `Connector ${connector.name} has failed. ${meaning ?? ''} Cause: ${cause.slice(0, 300)}`,
      remedy: remedy ?? (needsResync ? 'YES=1 make resync' : 'make connector-restart'),
    },
  ];
}

function judgeGroup(
  { consumer, members, messages, lagMs, oldest }: NonNullable<Facts['groups']>[number],
  thresholds: AlertThresholds,
): Condition[] {
  const conditions: Condition[] = [];
  if (members === 0) {
    conditions.push({
      name: 'ConsumerSilent',
      subject: consumer,
      severity: 'critical',
      summary: `No process consumes as ${consumer}; ${messages} records wait.`,
      remedy: 'make status   # and start the consumers',
    });
  }
  if (lagMs > thresholds.ALERT_LAG_SECONDS * 1_000) {
    conditions.push({
      name: 'ConsumerLag',
      subject: consumer,
      severity: 'warning',
      summary: `${consumer} is ${longDuration(lagMs)} behind${placeOf(oldest)}; ${messages} records wait.`,
      remedy: 'make logs SERVICE=consumers',
    });
  }
  return conditions;
}

function placeOf(oldest: NonNullable<Facts['groups']>[number]['oldest']): string {
  return oldest === undefined ? '' : ` in ${oldest.topic}[${oldest.partition}]`;
}

function judgeDeadLetters(
  counts: ReadonlyMap<string, number>,
  thresholds: AlertThresholds,
): Condition[] {
  return [...counts]
    .filter(([, keys]) => keys >= thresholds.ALERT_DEAD_LETTERS)
    .map(([consumer, keys]) => ({
      name: 'DeadLetters',
      subject: consumer,
      severity: 'warning',
      summary: `${keys} keys of ${consumer} wait for people: their changes could not be applied.`,
      remedy: `make dead-letters CONSUMER=${consumer}`,
    }));
}

function judgeSubscriber({ id, gone, failed }: FailingSubscriber): Condition {
  const condition = { name: 'SubscriberFailing', subject: id, severity: 'warning' } as const;
  return gone
    ? {
        ...condition,
        summary: `The receiver of webhook subscriber ${id} answered 410 Gone: it is told of nothing any more.`,
        remedy: `make webhook-remove ID=${id}   # or, when it is there again: make webhook-enable ID=${id}`,
      }
    : {
        ...condition,
        summary: `${failed} webhooks to ${id} were given up: later events of their products wait.`,
        remedy: `make webhook-redeliver ID=${id}`,
      };
}

function judgeErrors(errors: Facts['errors'], thresholds: AlertThresholds): Condition[] {
  return [...errors]
    .filter(([, { failed, all }]) => {
      return all >= MIN_REPORTS && (failed / all) * 100 > thresholds.ALERT_ERROR_PERCENT;
    })
    .map(([consumer, { failed, all }]) => ({
      name: 'ConsumerErrors',
      subject: consumer,
      severity: 'warning',
      summary: `${Math.round(failed)} of ${Math.round(all)} reports of ${consumer} in the last ten seconds are failures.`,
      remedy: `make dead-letters CONSUMER=${consumer}`,
    }));
}

function judgeRecord(
  { largestRecord, maxRecordBytes }: Facts,
  thresholds: AlertThresholds,
): Condition[] {
  if (largestRecord === undefined) return [];
  const { topic, bytes } = largestRecord;
  if (bytes < (maxRecordBytes * thresholds.ALERT_RECORD_PERCENT) / 100) return [];
  return [
    {
      name: 'RecordNearLimit',
      subject: topic,
      severity: 'warning',
      summary: `A record of ${topic} had ${size(bytes)}; one of more than ${size(maxRecordBytes)} stops the connector.`,
      remedy: null,
    },
  ];
}
