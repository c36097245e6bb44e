import type Broker from 'kafkajs/src/broker/index.js';
import type { FetchRequest, FetchResponse } from 'kafkajs/src/broker/index.js';
import type Cluster from 'kafkajs/src/cluster/index.js';
import { createSharedFetches, type SharedFetches } from './shared-fetches.ts';

/** Lets a consumer take part in the fetches of others. */
export type ShareFetches = (cluster: Cluster) => void;

const sharedBy = new WeakMap<
  Broker,
  { readonly cluster: Cluster; readonly shared: SharedFetches }
>();

/** For the consumers of one process that read from the same brokers, under the same account. */
export function createFetchSharing(): ShareFetches {
  const ofNode = new Map<string, SharedFetches>();
  return (cluster) => {
    const findBroker = cluster.findBroker.bind(cluster);
    cluster.findBroker = async ({ nodeId }) => {
      const broker = await findBroker({ nodeId });
      const node = String(nodeId);
      const shared = ofNode.get(node) ?? createSharedFetches();
      ofNode.set(node, shared);
      sharedBy.set(broker, { cluster, shared });
      return broker;
    };
  };
}

/** Fetches with the others that share this broker, or by `ask` where it shares none. */
export function fetchShared(
  broker: Broker,
  request: FetchRequest,
  ask: (request: FetchRequest) => Promise<FetchResponse>,
): Promise<FetchResponse> {
  const sharing = sharedBy.get(broker);
  if (sharing === undefined) return ask(request);
  return sharing.shared.fetch(sharing.cluster, request, ask);
}
