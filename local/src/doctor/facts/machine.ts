import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isErrno } from '../../errno.ts';
import { parseJavaVersion } from '../../vendor/java.ts';

/** What a program said of itself: its output, or that it is not there, or that it does not work. */
export type ProgramAnswer = { output: string } | { missing: true } | { broken: string };

export type MachineFacts = {
  /** `24.0.0` */
  nodeVersion: string;
  /** JAVA_HOME, and whether there is such a folder. */
  javaHome: { path: string; exists: boolean } | undefined;
  /** `java -version` of JAVA_HOME or PATH, as the stack would start it. */
  java: ProgramAnswer;
  /** `javac -version` beside it: a runtime without a compiler cannot build the Connect plugin. */
  javac: ProgramAnswer;
  /** `mvn -version`, which also names the Java that Maven runs on. */
  maven: ProgramAnswer;
  make: ProgramAnswer;
  psql: ProgramAnswer;
  stateDir: string;
  /** Space for us on the disk of the state folder; undefined where the system does not say. */
  disk: { freeBytes: number; totalBytes: number } | undefined;
};

/** Looks at the machine. Changes nothing, and starts nothing but `-version`. */
export async function machineFacts(options: {
  stateDir: string;
  /** The environment programs are looked up in: JAVA_HOME and PATH count. */
  env: Readonly<Record<string, string | undefined>>;
}): Promise<MachineFacts> {
  const { stateDir, env } = options;
  const home = env.JAVA_HOME || undefined;
  const ofJdk = (program: string) => (home ? join(home, 'bin', program) : program);
  const ask = (command: string, argument: string) => run(command, [argument], env);
  const [java, javac, maven, make, psql, disk] = await Promise.all([
    ask(ofJdk('java'), '-version'),
    ask(ofJdk('javac'), '-version'),
    ask('mvn', '-version'),
    ask('make', '--version'),
    ask('psql', '--version'),
    diskOf(stateDir),
  ]);
  return {
    nodeVersion: process.versions.node,
    javaHome: home === undefined ? undefined : { path: home, exists: existsSync(home) },
    java,
    javac,
    maven,
    make,
    psql,
    stateDir,
    disk,
  };
}

/** Version out of `java -version`; undefined when there was none. */
export function javaVersion(answer: ProgramAnswer) {
  return 'output' in answer ? parseJavaVersion(answer.output) : undefined;
}

async function run(
  command: string,
  args: string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProgramAnswer> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: 20_000, env });
    return { output: `${stdout}${stderr}` };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { missing: true };
    const [line = ''] = error instanceof Error ? error.message.split('\n') : [];
    return { broken: line };
  }
}

/** The state folder may not exist yet: its nearest ancestor lies on the same disk. */
async function diskOf(folder: string): Promise<MachineFacts['disk']> {
  if (!existsSync(folder)) {
    const parent = dirname(folder);
    return parent === folder ? undefined : diskOf(parent);
  }
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined;
  }
}
