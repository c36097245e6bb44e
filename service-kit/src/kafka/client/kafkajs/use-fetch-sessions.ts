import Broker, {
  type FetchRequest,
  type FetchResponse,
  type LookupRequest,
} from 'kafkajs/src/broker/index.js';
import { fetchShared } from '../../sharing/share-fetches.ts';
import { createFetchSession, type FetchPlan, type FetchSession } from './fetch-session.ts';

/** What a broker says of a session that it has dropped, or whose last answer was lost: no harm, the next fetch opens one. */
const SESSION_LOST = new Set([70, 71]);

/**
 * Fetches name what has moved and are answered with what there is (see `createFetchSession`).
 *
 * Remove when kafkajs has incremental fetch sessions (KIP-227).
 */
export function useFetchSessions(): void {
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
