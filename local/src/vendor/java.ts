import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalError } from '../errors.ts';

/** Debezium 3 and the registry are compiled for this release. */
export const MINIMUM_JAVA = 17;

/** A Java runtime. */
export type Java = {
  executable: string;
  /** As it states it: `17.0.15`. */
  version: string;
  /** The feature release: 17. */
  feature: number;
  /** Whether it has Shenandoah, which collects beside the program. Oracle's builds, for one, leave it out. */
  hasShenandoah: boolean;
};

/** The option that selects it. */
export const SHENANDOAH = '-XX:+UseShenandoahGC';

/** Feature release out of `java -version`'s first line; undefined when there is none. `1.8.0_392` is 8. */
export function parseJavaVersion(output: string): { version: string; feature: number } | undefined {
  const version = /version "([^"]+)"/.exec(output)?.[1];
  if (!version) return undefined;
  const [first, second] = version.split(/[.\-+_]/).map(Number);
  const feature = first === 1 ? second : first;
  return feature === undefined || Number.isNaN(feature) ? undefined : { version, feature };
}

/**
 * The Java of `home` (JAVA_HOME), or the one on PATH.
 * @throws {LocalError} `JAVA` when it is missing or older than 17
 */
export async function findJava(home: string | undefined): Promise<Java> {
  const executable = home ? join(home, 'bin', 'java') : 'java';
  const where = home ? `JAVA_HOME (${home})` : 'PATH';
  const advice = `Install a JDK ≥ ${MINIMUM_JAVA} (for example openjdk-17-jdk-headless) or point JAVA_HOME at one.`;
  const hasShenandoah = startsWithShenandoah(executable); // meanwhile: a JVM takes a while to start
  let output: string;
  try {
    output = (await promisify(execFile)(executable, ['-version'], { timeout: 20_000 })).stderr;
  } catch (cause) {
    throw new LocalError('JAVA', `No Java that runs was found through ${where}. ${advice}`, {
      cause,
    });
  }
  const parsed = parseJavaVersion(output);
  if (!parsed || parsed.feature < MINIMUM_JAVA) {
    throw new LocalError(
      'JAVA',
      `Java ${parsed?.version ?? '(unknown)'} found through ${where} is too old. ${advice}`,
    );
  }
  return {
    executable,
    ...parsed,
    hasShenandoah: await hasShenandoah,
  };
}

/** A JVM without it ends at the option. */
async function startsWithShenandoah(executable: string): Promise<boolean> {
  try {
    await promisify(execFile)(executable, [SHENANDOAH, '-version'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
