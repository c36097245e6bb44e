import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../errors.ts';
import { makePrivateFolder, readIfPresent } from '../files.ts';
import { brokerName } from '../ports.ts';
import { isPortTaken } from '../processes/port-owner.ts';
import type { LocalSettings } from '../settings.ts';
import type { Vendor } from '../vendor/download.ts';
import type { Component } from './component.ts';
import { JVM_STOP_TIMEOUT_MS, jvmFlags, log4jFlag } from './jvm.ts';

/** What a broker needs to know; `brokers` lists the whole cluster, in the order of the node ids 1, 2, … */
export type BrokerOptions = {
  nodeId: number;
  brokers: { host: string; port: number; controllerPort: number }[];
  /** Address the listeners bind. */
  bindAddress: string;
  dataDir: string;
  /** Largest record, in bytes. */
  maxRecordBytes: number;
};

/**
 * server.properties of one combined broker and controller (Kafka 4 in KRaft mode, static quorum).
 * Three brokers keep three copies of everything and accept a write once two have it.
 * Names: https://kafka.apache.org/43/configuration/broker-configs/
 */
export function brokerProperties(options: BrokerOptions): Record<string, string> {
  const self = options.brokers[options.nodeId - 1];
  if (!self) throw new RangeError(`there is no broker ${options.nodeId}`);
  const replicas = Math.min(options.brokers.length, 3);
  const inSync = replicas > 1 ? 2 : 1;
  const voters = options.brokers.map(
    (broker, index) => `${index + 1}@${broker.host}:${broker.controllerPort}`,
  );
  return {
    'process.roles': 'broker,controller',
    'node.id': `${options.nodeId}`,
    'controller.quorum.voters': voters.join(','),
    listeners: `PLAINTEXT://${options.bindAddress}:${self.port},CONTROLLER://${options.bindAddress}:${self.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${self.host}:${self.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': options.dataDir,

    // Topics exist because someone declared them, never because a client misspelt one.
    'auto.create.topics.enable': 'false',
    'log.message.timestamp.type': 'LogAppendTime',
    'default.replication.factor': `${replicas}`,
    'min.insync.replicas': `${inSync}`,
    'offsets.topic.replication.factor': `${replicas}`,
    'transaction.state.log.replication.factor': `${replicas}`,
    'transaction.state.log.min.isr': `${inSync}`,
    'share.coordinator.state.topic.replication.factor': `${replicas}`,
    'share.coordinator.state.topic.min.isr': `${inSync}`,

    'message.max.bytes': `${options.maxRecordBytes}`,
    'replica.fetch.max.bytes': `${options.maxRecordBytes}`,

    // One group member is the rule here: waiting three seconds for others would be the longest part of a start.
    'group.initial.rebalance.delay.ms': '0',
    // Fifty partitions of bookkeeping cost an idle laptop more than they spread.
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.num.partitions': '4',
    'num.network.threads': '2',
    'num.io.threads': '4',
    // The empty record that keeps metadata moving: twice a second by default, and an idle broker wakes for each.
    'metadata.max.idle.interval.ms': '5000',
    // A broker that was killed gives up its partitions after this, and is not let in again before (default 9000).
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
  };
}

/** `key=value` lines as java.util.Properties reads them. */
export function propertiesText(properties: Record<string, string>): string {
  const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escaped(value)}\n`)
    .join('');
}

/** The brokers of the stack. */
export function kafkaBrokers(settings: LocalSettings, vendor: Vendor): Component[] {
  return settings.ports.kafka.map((_, index) => broker(index + 1, settings, vendor));
}

function broker(nodeId: number, settings: LocalSettings, vendor: Vendor): Component {
  const folder = join(settings.stateDir, 'kafka');
  const dataDir = join(folder, `broker-${nodeId}`);
  const configFile = join(folder, `broker-${nodeId}.properties`);
  const port = settings.ports.kafka[nodeId - 1] ?? 0;
  const classPath = ['-cp', join(vendor.kafkaLibs, '*')];
  const properties = brokerProperties({
    nodeId,
    brokers: settings.ports.kafka.map((kafkaPort, index) => ({
      host: '127.0.0.1',
      port: kafkaPort,
      controllerPort: settings.ports.controllers[index] ?? 0,
    })),
    bindAddress: '127.0.0.1',
    dataDir,
    maxRecordBytes: settings.capture.maxRecordBytes,
  });

  async function prepare(): Promise<void> {
    // Kafka itself leaves it to the umask who may read its records.
    makePrivateFolder(folder);
    const clusterId = rememberCluster(folder, settings.brokers);
    writeFileSync(configFile, propertiesText(properties));
    if (existsSync(join(dataDir, 'meta.properties'))) return;
    const format = ['format', '--cluster-id', clusterId, '--config', configFile];
    try {
      const flags = ['-XX:TieredStopAtLevel=1', log4jFlag, ...classPath];
      await promisify(execFile)(vendor.java.executable, [
        ...flags,
        'kafka.tools.StorageTool',
        ...format,
      ]);
    } catch (cause) {
      throw new LocalError('KAFKA_FORMAT', `Kafka could not format ${dataDir}: ${cause}`, {
        cause,
      });
    }
  }

  return {
    spec: {
      name: brokerName(nodeId),
      command: vendor.java.executable,
      args: [
        // The serial collector stops it for 25 to 70 ms every 7 s at 100 changes/s, and every change that comes then.
        ...jvmFlags({ vendor, archive: 'kafka', maxHeapMb: 512, concurrent: true }),
        log4jFlag,
        ...classPath,
        'kafka.Kafka',
        configFile,
      ],
      env: {},
      config: properties,
      cwd: settings.stateDir,
      logFile: join(settings.stateDir, 'logs', `${brokerName(nodeId)}.log`),
      stopSignal: 'SIGTERM',
      // The last two of three have no quorum left to say goodbye to, and wait for it in vain.
      stopTimeoutMs: settings.brokers > 1 ? 8_000 : JVM_STOP_TIMEOUT_MS,
    },
    prepare,
    check: async () => {
      if (!(await isPortTaken(port))) throw new Error(`nothing listens on port ${port}`);
    },
  };
}

/** The cluster's id, made at its first start. Its size is kept too: data of one size cannot be read by another. */
function rememberCluster(folder: string, brokers: number): string {
  const file = join(folder, 'cluster');
  const known = readIfPresent(file)?.trim().split(' ');
  const [id, size] = known ?? [];
  if (id && size) {
    if (Number(size) === brokers) return id;
    throw new LocalError(
      'BROKERS',
      `The data in ${folder} belongs to a cluster of ${size} broker(s), and BROKERS=${brokers} was asked for. ` +
        `Start with BROKERS=${size}, or delete the state with "make reset".`,
    );
  }
  const fresh = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  writeFileSync(file, `${fresh} ${brokers}\n`);
  return fresh;
}
