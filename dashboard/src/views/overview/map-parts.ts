import type { Alert, LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Summary } from '@shelfcast/schemas/monitor/numbers';
import type {
  ConnectorItem,
  ConsumerItem,
  ReplicationState,
} from '@shelfcast/schemas/monitor/operations';
import type { Status } from '../../lib/status.ts';
import type { ServiceLag } from '../consumers/consumer-state.ts';
import type { EdgeTimes } from './edge-times.ts';

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
