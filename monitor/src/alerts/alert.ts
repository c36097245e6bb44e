import type { Alert } from '@shelfcast/schemas/monitor/live';

/** The alerts there are. Everything else is for Prometheus. */
export const ALERT_NAMES = [
  'ConsumerLag',
  'ConsumerSilent',
  'ConsumerErrors',
  'ConsumerWaits',
  'DeadLetters',
  'SubscriberFailing',
  'TaskFailed',
  'NotCapturing',
  'ConnectorChanged',
  'SlotLost',
  'SlotBudget',
  'NoHeartbeat',
  'TableChanged',
  'TableNotCarried',
  'TableNotRead',
  'TableTakenOut',
  'PublicationChanged',
  'TopicMissing',
  'SourceServer',
  'Unreachable',
  'RecordNearLimit',
] as const;
export type AlertName = (typeof ALERT_NAMES)[number];

/** Something that is not well now. */
export interface Condition extends Pick<Alert, 'subject' | 'severity' | 'summary' | 'remedy'> {
  readonly name: AlertName;
  /** Usual for a moment, at a start or while a command is at work: it has to last longer before it fires. */
  readonly passes?: boolean;
}

export interface Judgement {
  readonly conditions: readonly Condition[];
  /** Alerts about which nothing is known now: they stay as they are. */
  readonly unknown: ReadonlySet<AlertName>;
}
