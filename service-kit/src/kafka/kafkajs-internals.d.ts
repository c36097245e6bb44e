// The inner classes of kafkajs 2.2.4 (pinned) that kafkajs-fixes.ts repairs. kafkajs has no types for them.

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module 'kafkajs/src/cluster/index.js' {
  export interface Broker {
    isConnected(): boolean;
  }
  export interface Cluster {
    /** Tries again while the brokers elect one. */
    findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
  }
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type { Broker, Cluster } from 'kafkajs/src/cluster/index.js';

  class ConsumerGroup {
    cluster: Cluster;
    groupId: string;
    coordinator: Broker;
    heartbeat(options: { interval: number }): Promise<void>;
  }
  export default ConsumerGroup;
}

declare module 'kafkajs/src/consumer/offsetManager/index.js' {
  import type { Broker, Cluster } from 'kafkajs/src/cluster/index.js';

  class OffsetManager {
    cluster: Cluster;
    groupId: string;
    coordinator: Broker;
    getCoordinator(): Promise<Broker>;
  }
  export default OffsetManager;
}
