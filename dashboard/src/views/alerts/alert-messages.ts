import type { Alert } from '@shelfcast/schemas/monitor/live';
import { plural, relativeTime, span } from '../../lib/format.ts';
import { hrefOf } from '../../lib/routes.ts';

/** An alert as people read it. */
export interface AlertMessages {
  /** `pricing is behind` */
  readonly title: string;
  /** The monitor's sentence with its figures. */
  readonly summary: string;
  /** What it means for the changes. */
  readonly means: string;
  readonly kind: 'bad' | 'warn' | 'ok';
  /** Where its cause is, and what can be done there. */
  readonly action: { readonly label: string; readonly href: string };
  /** What to type; empty: there is nothing. */
  readonly command: string;
  /** `for 12 min`, or `resolved 3 min ago, after 12 min` */
  readonly since: string;
}

type Meaning = Pick<AlertMessages, 'title' | 'means' | 'action'>;

export function describeAlert(alert: Alert, nowMs: number): AlertMessages {
  const isFiring = alert.state === 'firing';
  const kind = alert.severity === 'critical' ? 'bad' : 'warn';
  return {
    ...meaningOf(alert),
    summary: alert.summary,
    kind: isFiring ? kind : 'ok',
    // What stands behind `#` is said, not typed.
    command: alert.remedy?.split('#')[0]?.trim() ?? '',
    since: describeSince(alert, nowMs),
  };
}

/** The firing ones first, the worst and the oldest before the others; then those that were resolved last. */
export function byUrgency(alerts: readonly Alert[]): Alert[] {
  const rank = ({ state, severity }: Alert): number =>
    state === 'resolved' ? 2 : severity === 'critical' ? 0 : 1;
  return alerts.toSorted(
    (a, b) =>
      rank(a) - rank(b) ||
      (a.state === 'resolved'
        ? (b.resolvedAtMs ?? 0) - (a.resolvedAtMs ?? 0)
        : a.sinceMs - b.sinceMs),
  );
}

function meaningOf({ name, subject }: Alert): Meaning {
  const source = (label: string) => ({ label, href: hrefOf('source') });
  switch (name) {
    case 'ConsumerLag':
      return {
        title: `${subject} is behind`,
        means: 'Its changes wait in Kafka, in order; nothing is lost, other consumers go on.',
        action: { label: 'See what it waits for', href: hrefOf('consumers') },
      };
    case 'TableTakenOut':
      return {
        title: `${subject} is not captured`,
        means:
          'The connector could not carry its changes, so it was taken out; the other tables flow.',
        action: source('See the connector'),
      };
    case 'ConsumerSilent':
      return {
        title: `${subject} is not running`,
        means: 'Its changes wait in Kafka; it goes on where it stopped as soon as it is started.',
        action: { label: 'See the consumer', href: hrefOf('consumers') },
      };
    case 'ConsumerErrors':
      return {
        title: `${subject} fails often`,
        means: 'Each failing key is tried again with growing pauses; other keys go on.',
        action: {
          label: 'See what fails',
          href: hrefOf('live', { query: { stage: 'failed', service: subject } }),
        },
      };
    case 'DeadLetters':
      return {
        title: `${subject} has dead letters`,
        means:
          'Later changes of these keys wait behind them, in order; other keys are not delayed.',
        action: {
          label: 'Inspect, edit and redrive',
          href: hrefOf('deadLetters', { query: { consumer: subject } }),
        },
      };
    case 'SubscriberFailing':
      return {
        title: `Webhooks to ${subject} do not arrive`,
        means: 'Its receiver is gone, or did not accept them for days; other subscribers are told.',
        action: { label: 'See the consumer', href: hrefOf('consumers') },
      };
    case 'TaskFailed':
      return {
        title: `Connector ${subject} has failed`,
        means: 'No change is captured. Rows can be written; their changes wait in the slot.',
        action: source('See the cause and restart it'),
      };
    case 'SlotLost':
      return {
        title: `Slot ${subject} is lost`,
        means: 'Changes are missing, and no restart brings them back: read everything again.',
        action: source('See the slot'),
      };
    case 'SlotBudget':
      return {
        title: `Slot ${subject} is nearly full`,
        means: 'Once its budget is spent, Postgres drops what was kept, and changes are lost.',
        action: source('See the slot and its reader'),
      };
    case 'NoHeartbeat':
      return {
        title: 'No heartbeat comes through',
        means: 'No change has arrived in Kafka for longer than it should take.',
        action: source('See the connector'),
      };
    case 'NotCapturing':
      return {
        title: `Connector ${subject} does not capture`,
        means: 'Rows can be written; their changes wait in the slot, whose room is limited.',
        action: source('See the connector'),
      };
    case 'ConnectorChanged':
      return {
        title: `Connector ${subject} has other settings`,
        means: 'Its configuration is not the one that it was registered with.',
        action: source('See the connector'),
      };
    case 'TableChanged':
      return {
        title: `${subject} is not the table it was`,
        means: 'Its changes may be missing until the command has run; other tables go on.',
        action: source('See the source'),
      };
    case 'TableNotCarried':
      return {
        title: `Changes of ${subject} do not reach Kafka`,
        means: 'They are missing until the table is read again; other tables go on.',
        action: source('See the source'),
      };
    case 'TableNotRead':
      return {
        title: `${subject} cannot be read, or was not`,
        means: 'New changes arrive; rows from before are missing.',
        action: source('See the source'),
      };
    case 'PublicationChanged':
      return {
        title: `Publication ${subject} leaves something out`,
        means: 'What it leaves out is in no stream, and has to be read again.',
        action: source('See the source'),
      };
    case 'TopicMissing':
      return {
        title: `Topic ${subject} is missing`,
        means: 'The connector waits for it at the next record, and every table with it.',
        action: source('See the connector'),
      };
    case 'ConsumerWaits':
      return {
        title: `A consumer waits for topic ${subject}`,
        means:
          'The topic does not exist, so nothing of it comes; what else the consumer reads goes on.',
        action: { label: 'See the consumers', href: hrefOf('consumers') },
      };
    case 'SourceServer':
      return {
        title: 'The captured database stands in the way',
        means: 'A setting of its server or of the connector’s role is not as capturing needs it.',
        action: source('See the source'),
      };
    case 'Unreachable':
      return {
        title: `${subject} does not answer`,
        means: 'What depends on it stands still; nothing is lost meanwhile.',
        action: source('See the source'),
      };
    case 'RecordNearLimit':
      return {
        title: `A record of ${subject} is nearly too large`,
        means: 'A larger one would stop the connector until the limit is raised.',
        action: { label: 'See the topic', href: hrefOf('topic', { id: subject }) },
      };
    default:
      return {
        title: `${name}: ${subject}`,
        means: '',
        action: { label: 'See the consumers', href: hrefOf('consumers') },
      };
  }
}

function describeSince({ state, sinceMs, resolvedAtMs }: Alert, nowMs: number): string {
  if (state === 'firing' || resolvedAtMs === null)
    return `for ${span(Math.max(0, nowMs - sinceMs))}`;
  return `resolved ${relativeTime(resolvedAtMs, nowMs)}, after ${span(Math.max(0, resolvedAtMs - sinceMs))}`;
}

/** All that fire, in a sentence. */
export function alertsSentence(firing: readonly Pick<Alert, 'severity'>[]): string {
  if (firing.length === 0) return 'Everything that is watched is well.';
  const urgent = firing.filter(({ severity }) => severity === 'critical').length;
  const all = plural(firing.length, 'thing needs you', 'things need you');
  return urgent === 0 ? `${all}.` : `${all}, ${urgent} of them at once.`;
}
