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

/** The flags for a JVM of that version that knows Shenandoah or, as Oracle's, ends at the option. */
async function flagsFor(
  version: string,
  { knowsShenandoah = true, concurrent = false },
): Promise<string[]> {
  const home = mkdtempSync(join(tmpdir(), 'shelfcast-java-'));
  try {
    mkdirSync(join(home, 'bin'));
    const script = [
      '#!/bin/sh',
      ...(knowsShenandoah ? [] : [`[ "$1" = ${SHENANDOAH} ] && exit 1`]),
      `echo 'openjdk version "${version}" 2025-04-15' >&2`,
    ];
    writeFileSync(join(home, 'bin', 'java'), script.join('\n'));
    chmodSync(join(home, 'bin', 'java'), 0o755);
    const java = await findJava(home);
    const vendor = { java, kafkaLibs: '', registryJar: '', connectPlugins: '', cache: home };
    return jvmFlags({ vendor, archive: 'kafka', maxHeapMb: 64, concurrent });
  } finally {
    rmSync(home, { recursive: true });
  }
}

async function collectors(knowsShenandoah: boolean, concurrent: boolean): Promise<string[]> {
  const flags = await flagsFor('17.0.15', { knowsShenandoah, concurrent });
  return flags.filter((flag) => flag.includes('GC'));
}

test('a JVM that should collect beside the program does', async () => {
  assert.equal(await collectors(true, true), [SHENANDOAH]);
  assert.equal(await collectors(true, false), [SERIAL]);
});

test('a JVM without Shenandoah starts all the same', async () => {
  assert.equal(await collectors(false, true), [SERIAL]);
});

test('what newer JVMs warn of is allowed, by options that older ones do not know', async () => {
  const allowing = (flags: string[]) => flags.filter((flag) => flag.startsWith('--'));
  assert.equal(allowing(await flagsFor('17.0.15', {})), []);
  assert.equal(allowing(await flagsFor('21.0.9', {})), []);
  assert.equal(allowing(await flagsFor('25.0.3', {})), [
    '--sun-misc-unsafe-memory-access=allow',
    '--enable-native-access=ALL-UNNAMED',
  ]);
});

test.run();
