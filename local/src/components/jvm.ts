import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkoutRoot } from '../checkout.ts';
import type { Vendor } from '../vendor/download.ts';

/**
 * Flags for a JVM that shares a laptop with four others: a small heap, the collector with the least overhead, and
 * class data from an archive. It reads the archive when there is one and writes it at its first clean exit otherwise.
 * @param archive name of the class-data archive; processes with the same class path share one
 */
export function jvmFlags(options: {
  vendor: Vendor;
  archive: string;
  maxHeapMb: number;
}): string[] {
  const { vendor } = options;
  const archive = join(vendor.cache, `${options.archive}-${vendor.java.version}.jsa`);
  return [
    `-Xmx${options.maxHeapMb}m`,
    '-XX:+UseSerialGC',
    '-XX:+ExitOnOutOfMemoryError',
    existsSync(archive)
      ? `-XX:SharedArchiveFile=${archive}`
      : `-XX:ArchiveClassesAtExit=${archive}`,
    '-Djava.awt.headless=true',
  ];
}

/** Where Kafka's and Connect's logging is set up: to standard output, which is the component's log file. */
export const log4jFlag = `-Dlog4j2.configurationFile=${join(checkoutRoot, 'local', 'config', 'log4j2.properties')}`;
