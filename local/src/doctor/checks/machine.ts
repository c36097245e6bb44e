import { type Finding, note, ok, problem } from '@shelfcast/service-kit/finding';
import { size } from '@shelfcast/service-kit/format';
import { MINIMUM_JAVA, parseJavaVersion } from '../../vendor/java.ts';
import { javaVersion, type MachineFacts, type ProgramAnswer } from '../facts/machine.ts';

/** The release of the tests and the containers; every newer one works. */
const TESTED_NODE = [24, 0] as const;
/** Older majors that work as well, each from this release on: package.json's `engines`. */
const OLDER_NODES = [
  [20, 19],
  [22, 12],
] as const;
const INSTALL_NODE = 'nvm install 24 && nvm use 24   # or "make node", or https://nodejs.org';
const MINIMUM_MAVEN = [3, 8] as const;
const INSTALL_JDK = `apt install openjdk-${MINIMUM_JAVA}-jdk-headless   # or point JAVA_HOME at a JDK ≥ ${MINIMUM_JAVA}`;

/** Beyond this little, Postgres and Kafka stop when they next write. */
const FULL_BYTES = 1024 ** 3;
/** What a connector that stays away may make Postgres keep (max_slot_wal_keep_size), until a checkpoint looks (max_wal_size). */
const TIGHT_BYTES = 6 * 1024 ** 3;

/** The tools that `make start` needs, and room for its data. */
export function checkMachine(facts: MachineFacts): Finding[] {
  return [
    checkNode(facts),
    checkJava(facts),
    ...checkCompiler(facts),
    checkMaven(facts.maven),
    checkMake(facts.make),
    checkPsql(facts.psql),
    ...checkDisk(facts),
  ];
}

function checkNode({ nodeVersion }: MachineFacts): Finding {
  const major = Number(nodeVersion.split('.')[0]);
  const minimum = OLDER_NODES.find(([older]) => older === major) ?? TESTED_NODE;
  if (!isAtLeast(nodeVersion, minimum)) {
    const needed = [...OLDER_NODES.map((version) => version.join('.')), `≥ ${TESTED_NODE[0]}`];
    return problem(
      'node',
      `Node ${nodeVersion} is too old: the services need ${needed.join(', ')}.`,
      INSTALL_NODE,
    );
  }
  if (major === 20) {
    return note(
      'node',
      `Node ${nodeVersion} has had no security fixes since April 2026, and is slower than ${TESTED_NODE[0]}.`,
      INSTALL_NODE,
    );
  }
  return ok('node', `Node ${nodeVersion}`);
}

function checkJava({ javaHome, java }: MachineFacts): Finding {
  if (javaHome && !javaHome.exists) {
    return problem(
      'jdk',
      `JAVA_HOME points at ${javaHome.path}, which does not exist.`,
      'unset JAVA_HOME   # to use the java on PATH; or point it at a JDK',
    );
  }
  const where = javaHome ? `JAVA_HOME (${javaHome.path})` : 'PATH';
  const parsed = javaVersion(java);
  if (!parsed) {
    const why = 'broken' in java ? ` (${java.broken})` : '';
    return problem('jdk', `There is no Java that runs on ${where}${why}.`, INSTALL_JDK);
  }
  if (parsed.feature < MINIMUM_JAVA) {
    return problem(
      'jdk',
      `Java ${parsed.version} of ${where} is too old: Kafka Connect and the registry need ≥ ${MINIMUM_JAVA}.`,
      INSTALL_JDK,
    );
  }
  return ok('jdk', `Java ${parsed.version} of ${where}`);
}

/** Only worth a line when there is a Java without its compiler. */
function checkCompiler({ java, javac }: MachineFacts): Finding[] {
  if (!javaVersion(java) || 'output' in javac) return [];
  return [
    problem(
      'javac',
      'This Java is a runtime without a compiler (javac), and Maven compiles the Connect plugin with it.',
      INSTALL_JDK,
    ),
  ];
}

function checkMaven(maven: ProgramAnswer): Finding {
  const install = 'apt install maven';
  if ('missing' in maven) {
    return problem(
      'maven',
      'Maven (mvn) is not on PATH; it downloads Kafka, Connect and the registry.',
      install,
    );
  }
  if ('broken' in maven) {
    return problem('maven', `Maven does not run: ${maven.broken}`, install);
  }
  const version = /Apache Maven (\d+(?:\.\d+)+)/.exec(maven.output)?.[1];
  if (version === undefined || !isAtLeast(version, MINIMUM_MAVEN)) {
    const needed = `≥ ${MINIMUM_MAVEN.join('.')} is needed`;
    return problem('maven', `Maven ${version ?? '(unknown)'} is too old: ${needed}.`, install);
  }
  // Maven finds a Java of its own when JAVA_HOME is not set.
  const own = /^Java version: ([^\s,]+)/m.exec(maven.output)?.[1];
  const feature = own && parseJavaVersion(`version "${own}"`)?.feature;
  if (feature && feature < MINIMUM_JAVA) {
    return problem(
      'maven',
      `Maven ${version} runs on Java ${own}, and has to compile for ${MINIMUM_JAVA}.`,
      INSTALL_JDK,
    );
  }
  return ok('maven', `Maven ${version}`);
}

function checkMake(make: ProgramAnswer): Finding {
  if ('output' in make) return ok('make', 'make');
  return problem(
    'make',
    'make is not on PATH; every command here is a make target.',
    'apt install make',
  );
}

function checkPsql(psql: ProgramAnswer): Finding {
  if ('output' in psql) return ok('psql', psql.output.trim());
  return note(
    'psql',
    'psql is not on PATH: make psql uses a plain one of its own.',
    'apt install postgresql-client',
  );
}

function checkDisk({ disk, stateDir }: MachineFacts): Finding[] {
  if (!disk) return [];
  const summary = `${size(disk.freeBytes)} of ${size(disk.totalBytes)} free where the state is (${stateDir})`;
  const free = 'make reset   # deletes the stack’s data; or free space on that disk';
  if (disk.freeBytes < FULL_BYTES)
    return [problem('disk', `The disk is nearly full: ${summary}.`, free)];
  if (disk.freeBytes < TIGHT_BYTES) return [note('disk', `Little room: ${summary}.`, free)];
  return [ok('disk', summary)];
}

/** Whether `20.19.3` is at least [20, 19]. */
function isAtLeast(version: string, minimum: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
}
