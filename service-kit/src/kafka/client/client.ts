import net from 'node:net';
import tls from 'node:tls';
import {
  type KafkaConfig,
  Kafka as KafkaJs,
  type LogEntry,
  logLevel,
  type SASLOptions,
} from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import type { Logger } from '../../process/logging.ts';
import type { KafkaConnection } from '../types.ts';
import { fixKafkajs } from './kafkajs/fixes.ts';

export interface ClientOptions {
  readonly connection: KafkaConnection;
  readonly clientId: string;
  readonly log: Logger;
  /** How often kafkajs tries a request or connection again; default: see `RETRY`. */
  readonly retries?: number;
  /** After this a request counts as lost; default: kafkajs' 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** Sees what kafkajs logs: some of what happens in it is told nowhere else. */
  readonly onLog?: (entry: LogEntry) => void;
}

export interface Client {
  readonly kafkajs: KafkaJs;
  /** kafkajs' view of the brokers, with which partitions are read without a group. */
  newCluster(): Cluster;
  /** Whether a connection was ever open, or is now. */
  everConnected(): boolean;
  /** The last thing that went wrong: `Connection error: self-signed certificate`. */
  lastProblem(): string | undefined;
  /**
   * Cuts every connection and refuses new ones. kafkajs goes on retrying after `disconnect`; past
   * the fence it cannot write or commit anything any more, and gives up.
   */
  fence(): void;
}

/**
 * A broker that comes back is used within a second, however long it was away (100 retries cover
 * what consumers and producers wait for; consumers then start over).
 */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 100 } as const;

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
const METADATA_MAX_AGE_MS = 30_000;

/** A kafkajs client with its own connections, its traps dealt with. */
export function createClient(options: ClientOptions): Client {
  const { connection, clientId, log, retries, requestTimeoutMs, onLog } = options;
  fixKafkajs();
  const sockets = new Set<net.Socket>();
  let fenced = false;
  let connectedOnce = false;
  let lastProblem: string | undefined;

  const config: KafkaConfig = {
    clientId,
    // kafkajs asks again whenever it has lost every broker; an empty answer ends its retries.
    brokers: () => (fenced ? [] : [...connection.bootstrapServers]),
    ...(connection.tls === undefined ? {} : { ssl: tlsOptions(connection.tls) }),
    ...(connection.sasl === undefined ? {} : { sasl: saslOptions(connection.sasl) }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    ...(requestTimeoutMs === undefined ? {} : { requestTimeout: requestTimeoutMs }),
    retry: retries === undefined ? RETRY : { ...RETRY, retries },
    logLevel: log.isLevelEnabled('trace') ? logLevel.DEBUG : logLevel.INFO,
    logCreator: () => (entry) => {
      onLog?.(entry);
      if (entry.level <= logLevel.ERROR) lastProblem = entry.log.message;
      writeLog(log, entry);
    },
    socketFactory: ({ host, port, ssl, onConnect }) => {
      if (fenced) throw new Error('this Kafka client was closed');
      const onOpen = (): void => {
        connectedOnce = true;
        onConnect();
      };
      const servername = net.isIP(host) === 0 ? { servername: host } : {};
      const socket = ssl
        ? tls.connect({ host, port, ...servername, ...ssl }, onOpen)
        : net.connect({ host, port }, onOpen);
      // kafkajs leaves Nagle's algorithm on, which holds a request back while another is unanswered.
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      return socket;
    },
  };
  const kafkajs = new KafkaJs(config);

  return {
    kafkajs,
    newCluster: () =>
      new Cluster({
        ...config,
        enforceRequestTimeout: true,
        logger: kafkajs.logger(),
        metadataMaxAge: METADATA_MAX_AGE_MS,
        allowAutoTopicCreation: false,
      }),
    everConnected: () => connectedOnce,
    lastProblem: () => lastProblem,
    fence() {
      fenced = true;
      // 'end' is what makes kafkajs reject the requests that wait for an answer.
      for (const socket of sockets) {
        socket.destroy();
        socket.emit('end');
      }
    },
  };
}

function tlsOptions({ ca, cert, key }: NonNullable<KafkaConnection['tls']>): tls.ConnectionOptions {
  return {
    ...(ca === undefined ? {} : { ca: [ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** One object per mechanism: kafkajs' type is a union of them. */
function saslOptions(sasl: NonNullable<KafkaConnection['sasl']>): SASLOptions {
  const { mechanism, username, password } = sasl;
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/** Said of every idempotent producer that gives up some day; ours is then replaced. */
const RETRY_LIMIT_TEXT = 'Limiting retries for the idempotent producer';

/**
 * kafkajs calls an error what it is about to retry, and a warning what is daily life (a rebalance),
 * so everything goes one level down. What is really wrong is thrown, and logged by who catches it.
 */
function writeLog(log: Logger, { namespace, level, log: entry }: LogEntry): void {
  if (entry.message.startsWith(RETRY_LIMIT_TEXT)) return;
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry;
  const line = { kafkajs: namespace, ...fields };
  if (level <= logLevel.ERROR) log.warn(line, message);
  else if (level === logLevel.WARN) log.info(line, message);
  else if (level === logLevel.INFO) log.debug(line, message);
  else log.trace(line, message);
}
