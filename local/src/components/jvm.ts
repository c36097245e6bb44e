import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../checkout.ts';
import type { Vendor } from '../vendor/download.ts';
import { type Java, SHENANDOAH } from '../vendor/java.ts';

/**
 * Flags for a JVM that shares a laptop with four others: a small heap, and class data from an archive, which saves
 * nearly half of a start's processor time. The archive is written at the first clean exit.
 * @param options.archive name of the archive; processes with the same class path share one
 * @param options.onTheWay whether changes pass through it, so that each would wait while it collects
 */
export function jvmFlags(options: {
  vendor: Vendor;
  archive: string;
  maxHeapMb: number;
  onTheWay: boolean;
}): string[] {
  const { vendor } = options;
  const archive = join(vendor.cache, `${options.archive}-${vendor.java.version}.jsa`);
  return [
    `-Xmx${options.maxHeapMb}m`,
    collectorFlag(vendor.java, options.onTheWay),
    '-XX:+ExitOnOutOfMemoryError',
    isComplete(archive)
      ? `-XX:SharedArchiveFile=${archive}`
      : `-XX:ArchiveClassesAtExit=${archive}`,
    // What it says about classes that cannot be archived would bury what the component says.
    '-Xlog:cds=off',
    '-Xlog:cds+dynamic=off',
    '-Djava.awt.headless=true',
  ];
}

/**
 * The serial collector takes the least memory, but stops Kafka for 25 to 70 ms every 7 s at 100 changes/s, and Connect
 * for up to half a second now and then. Shenandoah stops them for 2 ms and takes 200 to 400 MiB more
 * (docs/benchmarks.md).
 */
function collectorFlag({ hasShenandoah }: Java, onTheWay: boolean): string {
  return onTheWay && hasShenandoah ? SHENANDOAH : '-XX:+UseSerialGC';
}

/** A JVM writes the archive's header last: one that was killed on the way leaves zeros there. */
function isComplete(archive: string): boolean {
  if (!existsSync(archive)) return false;
  const file = openSync(archive, 'r');
  try {
    const magic = Buffer.alloc(4);
    return readSync(file, magic) === 4 && magic.readUInt32LE() !== 0;
  } finally {
    closeSync(file);
  }
}

/** Time to end in; the first time that includes writing the archive, which a busy machine takes long for. */
export const JVM_STOP_TIMEOUT_MS = 45_000;

/** Where Kafka's and Connect's logging is set up: to standard output, which is the component's log file. */
export const log4jFlag = `-Dlog4j2.configurationFile=${join(checkoutRoot, 'local', 'config', 'log4j2.properties')}`;
