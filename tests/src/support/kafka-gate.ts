import { once } from 'node:events';
import net from 'node:net';

/** Requests of the Kafka protocol, by their api keys. */
export const KAFKA_API = {
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  ApiVersions: 18,
} as const;
export type KafkaApi = keyof typeof KAFKA_API;

/** What becomes of the answer to a request. */
export type Fault =
  /** The connection is cut instead. */
  | 'cut'
  /** The connection is cut in the middle of it. */
  | 'cutWithin'
  /** It never comes; the connection stays. */
  | 'silent'
  /** It comes this many milliseconds later. */
  | { readonly lateMs: number }
  /** The broker is not asked: the answer is this error code. */
  | { readonly errorCode: number };

/** A way to one broker on which requests of chosen kinds go wrong, for one client. */
export interface KafkaGate {
  /** Where the client connects to instead; the broker names this address as its own. */
  readonly servers: string;
  /** The next requests of this kind have the fault. */
  next(api: KafkaApi, fault: Fault, times?: number): void;
  /** Requests of this kind that have come. */
  count(api: KafkaApi): number;
  /** Cuts every connection. */
  cut(): void;
  close(): Promise<void>;
}

interface Pending {
  readonly api: number;
  readonly fault: Fault | undefined;
}

/** Answers without a result, of the versions that kafkajs 2.2.4 and Kafka 4 agree on; the code stands after `before`. */
const ERROR_ANSWERS = new Map<number, (code: number) => Buffer>([
  [KAFKA_API.Fetch, (code) => Buffer.concat([zeros(4), int16(code), zeros(8)])],
  [KAFKA_API.OffsetFetch, (code) => Buffer.concat([zeros(8), int16(code)])],
  [
    KAFKA_API.FindCoordinator,
    (code) => Buffer.concat([zeros(4), int16(code), int16(-1), zeros(10)]),
  ],
  [KAFKA_API.JoinGroup, (code) => Buffer.concat([zeros(4), int16(code), zeros(14)])],
  [KAFKA_API.Heartbeat, (code) => Buffer.concat([zeros(4), int16(code)])],
  [KAFKA_API.SyncGroup, (code) => Buffer.concat([zeros(4), int16(code), zeros(4)])],
]);

/** @param servers `host:port` of the only broker, as it calls itself */
export async function openKafkaGate(servers: string): Promise<KafkaGate> {
  const [host = '', port = ''] = servers.split(':');
  const sockets = new Set<net.Socket>();
  const faults = new Map<number, Fault[]>();
  const counts = new Map<number, number>();
  let ownName: Buffer = Buffer.alloc(0);
  const brokersName = address(host, Number(port));

  function onRequest(frame: Buffer, pending: Map<number, Pending>): Buffer | undefined {
    const api = frame.readInt16BE(4);
    const correlationId = frame.readInt32BE(8);
    counts.set(api, (counts.get(api) ?? 0) + 1);
    const fault = faults.get(api)?.shift();
    if (typeof fault === 'object' && 'errorCode' in fault) {
      const answer = ERROR_ANSWERS.get(api);
      if (answer === undefined) throw new Error(`no error answer is known for api ${api}`);
      return framed(Buffer.concat([int32(correlationId), answer(fault.errorCode)]));
    }
    pending.set(correlationId, { api, fault });
    return undefined;
  }

  const server = net.createServer((client) => {
    const broker = net.connect(Number(port), host);
    const pending = new Map<number, Pending>();
    for (const [one, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => {}); // 'close' follows
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    onFrames(client, (frame) => {
      const answer = onRequest(frame, pending);
      if (answer === undefined) broker.write(frame);
      else client.write(answer);
    });
    onFrames(broker, (frame) => {
      const correlationId = frame.readInt32BE(4);
      const fault = pending.get(correlationId)?.fault;
      pending.delete(correlationId);
      const answer = replaced(frame, brokersName, ownName);
      if (fault === undefined) client.write(answer);
      else if (fault === 'cut') client.destroy();
      else if (fault === 'cutWithin') client.end(answer.subarray(0, answer.length - 3));
      else if (typeof fault === 'object' && 'lateMs' in fault) {
        setTimeout(() => client.write(answer), fault.lateMs);
      }
    });
  });
  server.listen(0, host);
  await once(server, 'listening');
  const own = server.address();
  const ownPort = typeof own === 'object' && own !== null ? own.port : 0;
  ownName = address(host, ownPort);
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    servers: `${host}:${ownPort}`,
    next(api, fault, times = 1) {
      const key = KAFKA_API[api];
      faults.set(key, [...(faults.get(key) ?? []), ...Array.from({ length: times }, () => fault)]);
    },
    count: (api) => counts.get(KAFKA_API[api]) ?? 0,
    cut,
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Calls back with each whole frame, its length included. */
function onFrames(socket: net.Socket, onFrame: (frame: Buffer) => void): void {
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
      const length = 4 + received.readInt32BE(0);
      onFrame(received.subarray(0, length));
      received = received.subarray(length);
    }
  });
}

/** As brokers write their address: a string with its length, and a port. */
function address(host: string, port: number): Buffer {
  return Buffer.concat([int16(host.length), Buffer.from(host), int32(port)]);
}

function replaced(frame: Buffer, from: Buffer, to: Buffer): Buffer {
  const copy = Buffer.from(frame);
  for (let at = copy.indexOf(from); at !== -1; at = copy.indexOf(from, at + to.length)) {
    to.copy(copy, at);
  }
  return copy;
}

function framed(body: Buffer): Buffer {
  return Buffer.concat([int32(body.length), body]);
}

const zeros = (length: number): Buffer => Buffer.alloc(length);

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
