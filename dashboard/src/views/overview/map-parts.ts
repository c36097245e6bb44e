import type { Alert, LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Summary } from '@shelfcast/schemas/monitor/numbers';
import type {
  ConnectorItem,
  ConsumerItem,
  ReplicationState,
} from '@shelfcast/schemas/monitor/operations';
import type { Loaded } from '../../lib/loaded.ts';
import type { Status } from '../../lib/status.ts';
import type { ServiceLag } from '../consumers/consumer-state.ts';
import type { UnreadTopic } from '../topics/topic-messages.ts';
import type { EdgeTimes } from './edge-times.ts';

/** A box of the map. */
export interface MapNode {
  readonly id: string;
  readonly title: string;
  readonly status: Status;
  /** The state in a word or two, for those who do not see the colour. */
  readonly word: string;
  /** Whether its state is known: what could not be asked, or not yet, is neither well nor broken. */
  readonly isKnown: boolean;
  /** Rate, lag and the like, the most telling first. */
  readonly figures: readonly string[];
  /** Of the figures: what makes it that state; in its colour. */
  readonly alarm: string;
  /** Where its cause, and what can be done, is. */
  readonly href: string;
}

/** What goes from one box to the next. */
export interface MapEdge {
  /** Changes per second; 0: nothing moves; undefined: not known. */
  readonly perSecond: number | undefined;
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
  readonly lanes: Loaded<readonly Lane[]>;
  /** Topics with records that no consumer reads. */
  readonly unread: Loaded<readonly UnreadTopic[]>;
}

/** What is known now. */
export interface PipelineFacts {
  readonly summary: Loaded<Summary>;
  /** Undefined: nothing is told live yet, or no longer. */
  readonly live: LiveSummary | undefined;
  readonly lag: Loaded<ReadonlyMap<string, ServiceLag>>;
  readonly connectors: Loaded<readonly ConnectorItem[]>;
  readonly replication: Loaded<ReplicationState>;
  readonly consumers: Loaded<readonly ConsumerItem[]>;
  readonly alerts: Loaded<readonly Alert[]>;
  readonly unread: Loaded<readonly UnreadTopic[]>;
  readonly times: EdgeTimes;
}
