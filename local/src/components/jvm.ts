import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../checkout.ts';
import type { Vendor } from '../vendor/download.ts';
import { SHENANDOAH } from '../vendor/java.ts';

/**
 * Flags for a JVM that shares a laptop with four others: a small heap, and class data from an archive, which saves
 * nearly half of a start's processor time. The archive is written at the first clean exit.
 * @param options.archive name of the archive; processes with the same class path share one
 * @param options.minHeapMb what it has from the start; a small one that grows takes less
 * @param options.concurrent whether it should collect beside the program, if it can
 */
export function jvmFlags(options: {
  vendor: Vendor;
  archive: string;
  maxHeapMb: number;
  minHeapMb?: number;
  concurrent?: boolean;
}): string[] {
  const { vendor } = options;
  const archive = join(vendor.cache, `${options.archive}-${vendor.java.version}.jsa`);
  return [
    `-Xmx${options.maxHeapMb}m`,
    ...(options.minHeapMb === undefined ? [] : [`-Xms${options.minHeapMb}m`]),
    options.concurrent && vendor.java.hasShenandoah ? SHENANDOAH : '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    ...(vendor.java.feature >= 24 ? OLD_JARS : []),
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
 * Kafka and the registry reach memory through sun.misc.Unsafe, and Kafka's compression is native code. From Java 24 on
 * a JVM warns of both in the log, and later ones are to refuse them, unless they are allowed.
 */
const OLD_JARS = ['--sun-misc-unsafe-memory-access=allow', '--enable-native-access=ALL-UNNAMED'];

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
