import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { checkoutRoot } from '../checkout.ts';
import { isErrno } from '../errno.ts';
import { LocalError } from '../errors.ts';
import { readIfPresent } from '../files.ts';
import { withLock } from '../lock.ts';
import { findJava, type Java } from './java.ts';
import { renewJars } from './renew-jars.ts';

/** Everything that runs on the JVM, shared by all stacks of a checkout. */
export type Vendor = {
  java: Java;
  /** Kafka's and Connect's jars. */
  kafkaLibs: string;
  /** The registry's runner jar. */
  registryJar: string;
  /** Connect's `plugin.path`. */
  connectPlugins: string;
  /** Where class-data archives are kept. */
  cache: string;
};

const VENDOR_DIR = join(checkoutRoot, '.shelfcast', 'vendor');

/** One pom and the folder its `package` phase fills (its property `vendor.directory`). */
type Source = {
  name: string;
  pom: string;
  /** Folder of what the pom compiles. */
  code?: string;
  /** What else has to be done with the new folder before it is used. */
  finish: (folder: string, vendor: Vendor) => Promise<void>;
};

const SOURCES: Source[] = [
  {
    name: 'components',
    pom: join(checkoutRoot, 'local', 'pom.xml'),
    finish: finishComponents,
  },
  {
    name: 'connect-plugins',
    pom: join(checkoutRoot, 'connect-config', 'pom.xml'),
    code: join(checkoutRoot, 'connect-config', 'plugin'),
    finish: writePluginManifests,
  },
];

/**
 * Fetches the JVM components with Maven, once per version of the poms; with a warm `~/.m2` this needs no network.
 * @param report one line of progress at a time
 * @throws {LocalError} `JAVA`, `MAVEN`, or `DOWNLOAD` with the log of the failed run
 */
export async function ensureVendor(
  javaHome: string | undefined,
  report: (line: string) => void,
): Promise<Vendor> {
  const java = await findJava(javaHome);
  const vendor: Vendor = {
    java,
    kafkaLibs: join(VENDOR_DIR, 'components', 'kafka'),
    registryJar: registryJar(),
    connectPlugins: join(VENDOR_DIR, 'connect-plugins'),
    cache: join(VENDOR_DIR, 'class-data'),
  };
  mkdirSync(vendor.cache, { recursive: true });
  if (SOURCES.every(isCurrent)) return vendor;
  await withLock(
    { file: join(VENDOR_DIR, 'lock'), doing: 'downloading components', waitMs: 600_000 },
    async () => {
      for (const source of SOURCES.filter((candidate) => !isCurrent(candidate))) {
        await fetch(source, vendor, report);
      }
    },
  );
  return vendor;
}

/** The runner jar carries the version in its name; the pom has the only copy of that number. */
function registryJar(): string {
  const pom = readFileSync(join(checkoutRoot, 'local', 'pom.xml'), 'utf8');
  const version = /<apicurio\.registry\.version>([^<]+)</.exec(pom)?.[1];
  return join(VENDOR_DIR, 'components', 'registry', `apicurio-registry-app-${version}-runner.jar`);
}

function stampFile(source: Source): string {
  return join(VENDOR_DIR, `${source.name}.stamp`);
}

/** Changes with the pom and with the code it compiles. */
function sourceHash({ pom, code }: Source): string {
  const compiled =
    code === undefined
      ? []
      : readdirSync(code, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort();
  const hash = createHash('sha256');
  for (const file of [pom, ...compiled]) hash.update(readFileSync(file));
  return hash.digest('hex');
}

function isCurrent(source: Source): boolean {
  return readIfPresent(stampFile(source)) === sourceHash(source);
}

/** Fills a new folder and swaps it in, so that an interrupted download leaves nothing half-made behind. */
async function fetch(
  source: Source,
  vendor: Vendor,
  report: (line: string) => void,
): Promise<void> {
  const target = join(VENDOR_DIR, source.name);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  await runMaven(source, fresh, report);
  report(`unpacked ${source.name}`);
  await source.finish(fresh, vendor);
  rmSync(stampFile(source), { force: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  writeFileSync(stampFile(source), sourceHash(source));
}

async function runMaven(
  source: Source,
  folder: string,
  report: (line: string) => void,
): Promise<void> {
  const logFile = join(VENDOR_DIR, `${source.name}.log`);
  writeFileSync(logFile, '');
  report(`asking Maven for ${source.name}`);
  const maven = spawn(
    'mvn',
    ['--batch-mode', '--file', source.pom, `-Dvendor.directory=${folder}`, 'package'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const started = new Promise<number | null>((resolve, reject) => {
    maven.once('error', reject);
    maven.once('close', resolve);
  });
  for (const stream of [maven.stdout, maven.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      appendFileSync(logFile, `${line}\n`);
      const file = /Downloading from \S+: \S+\/(\S+)/.exec(line)?.[1];
      if (file && !file.endsWith('.pom')) report(`downloading ${file}`);
    });
  }
  let code: number | null;
  try {
    code = await started;
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT')) throw cause;
    throw new LocalError(
      'MAVEN',
      'Maven (mvn) is not on PATH. Install Maven ≥ 3.8 (for example apt install maven).',
      {
        cause,
      },
    );
  }
  if (code !== 0) {
    throw new LocalError('DOWNLOAD', `Maven could not fetch ${source.name} (exit code ${code}).`, {
      logFile,
    });
  }
}

async function finishComponents(folder: string, vendor: Vendor): Promise<void> {
  renewJars({ from: join(folder, 'registry-renewed'), into: join(folder, 'registry', 'lib') });
  await forgetClassData(folder, vendor);
}

/** Archives of class data name the very files they were made from. */
async function forgetClassData(_: string, { cache }: Vendor): Promise<void> {
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache);
}

/**
 * Not every plugin says what it holds in META-INF/services (the Avro converter does not). Kafka's own tool adds
 * that, and a worker with `plugin.discovery=service_load` then starts without scanning every class.
 */
async function writePluginManifests(folder: string, { java, kafkaLibs }: Vendor): Promise<void> {
  await promisify(execFile)(java.executable, [
    '-cp',
    join(kafkaLibs, '*'),
    'org.apache.kafka.tools.ConnectPluginPath',
    'sync-manifests',
    '--plugin-path',
    folder,
  ]);
}
