// The two inner classes of kafkajs 2.2.4 (pinned) that kafkajs-fixes.ts repairs. It has no types for them.

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

declare module 'kafkajs/src/broker/index.js' {
  interface FetchTopic {
    topic: string;
    partitions: { partition: number }[];
  }
  class Broker {
    fetch(options: { topics: FetchTopic[] }): Promise<unknown>;
  }
  export default Broker;
}
