import Broker, {
  type FetchRequest,
  type FetchResponse,
  type LookupRequest,
} from 'kafkajs/src/broker/index.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import OffsetManager from 'kafkajs/src/consumer/offsetManager/index.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { fetchShared } from '../../sharing/share-fetches.ts';
import { beginConnectionsAnew, endSilentConnections, forgetEndedSockets } from '../connection.ts';
import { createFetchSession, type FetchPlan, type FetchSession } from './fetch-session.ts';
import { markEarlierBatches } from './generations.ts';

const CHECK_PENDING_MS = 10;
const FIXED = Symbol.for('shelfcast.kafkajs-fixes');

/** What kafkajs throws when the coordinator's broker is not there. */
const BROKER_LOST = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
]);

/** Repairs faults of kafkajs 2.2.4 in place, once per process. */
export function fixKafkajs(): void {
  if (FIXED in RequestQueue) return;
  Object.defineProperty(RequestQueue, FIXED, { value: true });
  fixBusyTimers();
  fixCoordinatorLookup();
  dropEmptyBatches();
  markEarlierBatches();
  useFetchSessions();
  beginConnectionsAnew();
  endSilentConnections();
  forgetEndedSockets();
}

/**
 * Every connection calls `setTimeout` with the time since 1970 as a negative delay, again and again. That is 1,000
 * wake-ups a second for ever (an idle consumer took 4.7 % of a core instead of 1.1 %), and a TimeoutNegativeWarning
 * on newer Node. Here a timer runs only while requests wait.
 */
function fixBusyTimers(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests() {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_PENDING_MS,
    );
  };
}

/**
 * A group's coordinator is asked for when joining and never again. When its broker dies, the group moves to another
 * broker within seconds, but kafkajs sends heartbeats and commits to the dead one until it is back, and each failed
 * heartbeat stops fetching from all brokers. Here a lost coordinator is looked up again, and what can be fetched
 * goes on meanwhile; a member that the group has given up by then is told so by the new coordinator, and joins.
 */
function fixCoordinatorLookup(): void {
  const { heartbeat } = ConsumerGroup.prototype;
  const lookingUp = new WeakSet<ConsumerGroup>();

  async function lookUp(group: ConsumerGroup): Promise<void> {
    if (lookingUp.has(group)) return;
    lookingUp.add(group);
    try {
      const { cluster, groupId } = group;
      group.coordinator = await cluster.findGroupCoordinator({ groupId });
    } catch {
      // The next heartbeat finds that out.
    } finally {
      lookingUp.delete(group);
    }
  }

  ConsumerGroup.prototype.heartbeat = async function followingHeartbeat(options) {
    try {
      await heartbeat.call(this, options);
    } catch (error) {
      if (!(error instanceof Error && BROKER_LOST.has(error.name))) throw error;
      void lookUp(this);
    }
  };

  OffsetManager.prototype.getCoordinator = async function followingCoordinator() {
    if (!this.coordinator.isConnected()) {
      const { cluster, groupId } = this;
      this.coordinator = await cluster.findGroupCoordinator({ groupId });
    }
    return this.coordinator;
  };
}

/**
 * A fetch is answered with every partition that was asked for, and each goes through the same dozen promises, with
 * records or without: with 18 partitions that was a third of what a change costs the client. Without any records a
 * batch only makes for a heartbeat, and so does a fetch without batches.
 */
function dropEmptyBatches(): void {
  const { fetch } = ConsumerGroup.prototype;
  ConsumerGroup.prototype.fetch = async function fetchWithoutEmptyBatches(nodeId) {
    const batches = await fetch.call(this, nodeId);
    return batches.filter(({ rawMessages }) => rawMessages.length > 0);
  };
}

/** What a broker says of a session that it has dropped, or whose last answer was lost: no harm, the next fetch opens one. */
const SESSION_LOST = new Set([70, 71]);

/** Fetches name what has moved and are answered with what there is (see `createFetchSession`). */
function useFetchSessions(): void {
  const { fetch } = Broker.prototype;
  const sessions = new WeakMap<Broker, FetchSession>();
  const busy = new WeakSet<Broker>();

  async function fetchInSession(broker: Broker, request: FetchRequest): Promise<FetchResponse> {
    // A session holds one request at a time.
    if (busy.has(broker)) return await fetch.call(broker, request);
    const session = sessions.get(broker) ?? createFetchSession();
    sessions.set(broker, session);
    busy.add(broker);
    try {
      const plan = session.next(request.topics);
      const response = await fetch.call(within(broker, plan), { ...request, topics: plan.topics });
      if (SESSION_LOST.has(response.errorCode)) session.reset();
      else session.accepted(response.sessionId);
      return response;
    } catch (error) {
      session.reset();
      throw error;
    } finally {
      busy.delete(broker);
    }
  }

  Broker.prototype.fetch = function fetchWithOthers(request) {
    return fetchShared(this, request, (some) => fetchInSession(this, some));
  };
}

/** The broker, whose requests carry the fields that kafkajs' own `fetch` leaves out. */
function within(broker: Broker, { sessionId, sessionEpoch, forgottenTopics }: FetchPlan): Broker {
  const lookupRequest: LookupRequest = (apiKey, definition) => {
    const build = broker.lookupRequest(apiKey, definition);
    return (fields) => build({ ...fields, sessionId, sessionEpoch, forgottenTopics });
  };
  return Object.create(broker, { lookupRequest: { value: lookupRequest } });
}
