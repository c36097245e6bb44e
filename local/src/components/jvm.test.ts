import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findJava } from '../vendor/java.ts';
import { jvmFlags } from './jvm.ts';

const test = suite('JVM flags');

const SERIAL = '-XX:+UseSerialGC';
const SHENANDOAH = '-XX:+UseShenandoahGC';

/** Of a JVM that knows Shenandoah or, as Oracle's, ends at the option. */
async function collectors(knowsShenandoah: boolean, concurrent: boolean): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'shelfcast-java-'));
  try {
    mkdirSync(join(home, 'bin'));
    const script = [
      '#!/bin/sh',
      ...(knowsShenandoah ? [] : [`[ "$1" = ${SHENANDOAH} ] && exit 1`]),
      `echo 'openjdk version "17.0.15" 2025-04-15' >&2`,
    ];
    writeFileSync(join(home, 'bin', 'java'), script.join('\n'));
    chmodSync(join(home, 'bin', 'java'), 0o755);
    const java = await findJava(home);
    const vendor = { java, kafkaLibs: '', registryJar: '', connectPlugins: '', cache: home };
    const flags = jvmFlags({ vendor, archive: 'kafka', maxHeapMb: 64, concurrent });
    return flags.filter((flag) => flag.includes('GC'));
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('a JVM that should collect beside the program does', async () => {
  assert.equal(await collectors(true, true), [SHENANDOAH]);
  assert.equal(await collectors(true, false), [SERIAL]);
});

test('a JVM without Shenandoah starts all the same', async () => {
  assert.equal(await collectors(false, true), [SERIAL]);
});

test.run();
