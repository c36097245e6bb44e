import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { examineMachine } from '@shelfcast/local/doctor/examine';
import { readState, writeState } from '@shelfcast/local/supervisor/state';
import type { Finding } from '@shelfcast/service-kit/finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { ownStack } from '../support/own-stack.ts';

/** Doctor where no stack runs: a state folder of its own, on ports that are free. */
const test = suite('doctor on a machine');

const PORT_OFFSET = ownStack().portOffset;
const POSTGRES_PORT = 5_432 + PORT_OFFSET;
const folder = mkdtempSync(join(tmpdir(), 'shelfcast-doctor-'));
const stateDir = join(folder, 'state');

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('where nothing runs, it looks at the machine and says how to start', () => {
  const { status, stdout } = cli('doctor');

  assert.is(status, 0, stdout);
  assert.match(stdout, /^Machine\n {2}(ok|note) +Node /);
  assert.match(stdout, /The stack is down.*\n\s+→ make start\n/);
  assert.match(stdout, /\nNo problems\.\n$/);
  assert.not.match(stdout, 'Connector');
});

test('JAVA_HOME with a Java that is too old', async () => {
  const javaHome = join(folder, 'jdk-11');
  mkdirSync(join(javaHome, 'bin'), { recursive: true });
  for (const program of ['java', 'javac']) {
    const file = join(javaHome, 'bin', program);
    writeFileSync(file, '#!/bin/sh\necho \'openjdk version "11.0.2" 2019-01-15\' >&2\n');
    chmodSync(file, 0o755);
  }

  const finding = await machineProblem('jdk', { JAVA_HOME: javaHome });

  assert.match(finding.summary, `Java 11.0.2 of JAVA_HOME (${javaHome}) is too old`);
  assert.match(finding.remedy ?? '', 'openjdk-17');
});

test('JAVA_HOME that points nowhere', async () => {
  const finding = await machineProblem('jdk', { JAVA_HOME: join(folder, 'gone') });

  assert.match(finding.summary, 'which does not exist');
  assert.match(finding.remedy ?? '', 'unset JAVA_HOME');
});

test('a PATH without Maven', async () => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const program of ['java', 'javac', 'make']) {
    symlinkSync(
      spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim(),
      join(bin, program),
    );
  }

  const finding = await machineProblem('maven', { PATH: bin });

  assert.match(finding.summary, 'not on PATH');
  assert.match(finding.remedy ?? '', 'install maven');
});

test('a port that another program holds, until it lets go', async () => {
  const server = createServer().listen(POSTGRES_PORT, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const finding = only(problems(), 'port');

    assert.match(
      finding.summary,
      `Port ${POSTGRES_PORT} for Postgres is taken by pid ${process.pid}`,
    );
    assert.match(finding.remedy ?? '', `POSTGRES_PORT=${POSTGRES_PORT + 1_000} make start`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  assert.equal(problems(), []);
});

test('process ids of an earlier life, until make stop clears them', () => {
  const state = readState(fromEnvironment('TEST_STATE_DIR'));
  if (!state) throw new Error('the shared stack has no state file');
  // The pids are those of processes that run; only their start tells that they are not the ones meant.
  const earlier = <T extends { startedAt: string }>(identity: T): T => ({
    ...identity,
    startedAt: 'before',
  });
  writeState(stateDir, {
    supervisor: earlier(state.supervisor),
    children: state.children.map((child) => ({
      ...child,
      ...(child.process ? { process: earlier(child.process) } : {}),
    })),
  });

  const stale = problems().filter(({ check }) => check === 'stale-pid');

  assert.is(stale.length, 1 + state.children.length);
  assert.ok(stale.every(({ remedy }) => remedy === 'make stop && make start'));
  assert.is(cli('stop').status, 0);
  assert.equal(problems(), []);
  assert.equal(
    readState(fromEnvironment('TEST_STATE_DIR')),
    state,
    'the processes themselves live on',
  );
});

/** What doctor tells programs, and its exit code agrees with. */
function problems(): Finding[] {
  const { stdout, stderr, status } = cli('doctor', { JSON: '1' });
  assert.match(stdout, /^\{/, stderr);
  const report: { problems: number; findings: Finding[] } = JSON.parse(stdout);
  assert.is(status, report.problems === 0 ? 0 : 1);
  return report.findings.filter(({ level }) => level === 'problem');
}

/** The problem of that check on this machine with another environment. */
async function machineProblem(check: string, env: Record<string, string>): Promise<Finding> {
  const groups = await examineMachine({ stateDir }, { ...process.env, ...env });
  const all = groups.flatMap(({ findings }) => findings);
  return only(
    all.filter(({ level }) => level === 'problem'),
    check,
  );
}

function only(findings: readonly Finding[], check: string): Finding {
  const finding = findings.find((one) => one.check === check);
  if (!finding) throw new Error(`no problem ${check} among ${JSON.stringify(findings)}`);
  return finding;
}

function cli(command: string, env: Record<string, string> = {}) {
  const entry = fileURLToPath(new URL('../../../local/src/cli.ts', import.meta.url));
  return spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', entry, command], {
    encoding: 'utf8',
    env: {
      ...process.env,
      SHELFCAST_STATE_DIR: stateDir,
      PORT_OFFSET: `${PORT_OFFSET}`,
      ...env,
    },
  });
}

test.run();
