import Connection from 'kafkajs/src/network/connection.js';

const LENGTH_BYTES = 4;
const REQUEST_TIMED_OUT = 'KafkaJSRequestTimeoutError';

/**
 * A connection that is opened again must not read on in what the last one left. kafkajs keeps the bytes of half an
 * answer, and the listener of the old socket: every later answer is then cut at the wrong places and never found, so
 * that each request ends by its time limit, for ever. Two requests at once opened two sockets, the first of which ended
 * the second when the broker closed it.
 *
 * Remove when kafkajs clears `chunks`, `bytesBuffered` and `bytesNeeded` as it connects (2.2.4 does not).
 */
export function resetConnections(): void {
  const { connect } = Connection.prototype;
  const connecting = new WeakMap<Connection, Promise<boolean>>();

  Connection.prototype.connect = function connectFresh() {
    if (this.isConnected()) return Promise.resolve(true);
    const underWay = connecting.get(this);
    if (underWay !== undefined) return underWay;
    this.socket?.destroy();
    this.chunks = [];
    this.bytesBuffered = 0;
    this.bytesNeeded = LENGTH_BYTES;
    const connected = connect.call(this).finally(() => connecting.delete(this));
    connecting.set(this, connected);
    return connected;
  };
}

/**
 * A request that got no answer in time ends its connection. kafkajs goes on with it, and behind a broker that vanished
 * without a word (a cable, a firewall, a machine that is gone) every further request waits for its time limit as well.
 * Brokers answer the requests of a connection one after another: where an older one may still wait (a join does, for
 * the other members), the connection is left alone.
 *
 * Remove when kafkajs closes connections whose requests time out.
 */
export function endSilentConnections(): void {
  const { send } = Connection.prototype;

  Connection.prototype.send = async function sendOrEnd(request) {
    try {
      return await send.call(this, request);
    } catch (error) {
      if (error instanceof Error && error.name === REQUEST_TIMED_OUT) {
        const [oldest] = this.requestQueue.inflight.keys();
        const timedOut = 'correlationId' in error ? Number(error.correlationId) : 0;
        if (oldest === undefined || oldest > timedOut) endConnection(this);
      }
      throw error;
    }
  };
}

/**
 * A connection that is closed again has no socket to close. kafkajs calls `unref()` on the one that has ended, which Node
 * takes for one that is not open yet: it adds a listener for `connect` each time, and warns of a leak at the eleventh.
 *
 * Remove when kafkajs drops a socket that has ended.
 */
export function forgetEndedSockets(): void {
  const { disconnect } = Connection.prototype;

  Connection.prototype.disconnect = function disconnectOnce() {
    if (this.socket?.destroyed === true) this.socket = undefined;
    return disconnect.call(this);
  };
}

function endConnection({ socket }: Connection): void {
  socket?.destroy();
  // What makes kafkajs reject the requests that wait for an answer.
  socket?.emit('end');
}
