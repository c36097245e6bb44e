import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MachineFacts } from '../facts/machine.ts';
import { machine } from '../testing/facts.ts';
import { checkMachine } from './machine.ts';

const test = suite('doctor: machine');

test('a sound machine', () => assertAllOk(checkMachine(machine)));

const cases: [string, Partial<MachineFacts>, Expected][] = [
  [
    'Java 11 of JAVA_HOME',
    {
      javaHome: { path: '/opt/jdk-11', exists: true },
      java: { output: 'openjdk version "11.0.2" 2019-01-15' },
    },
    {
      check: 'jdk',
      level: 'problem',
      summary: /Java 11\.0\.2 of JAVA_HOME \(\/opt\/jdk-11\) is too old.* 17/,
      remedy: /apt install openjdk-17.*JAVA_HOME/,
    },
  ],
  [
    'Java 8 writes its version in another way',
    { java: { output: 'java version "1.8.0_392"' } },
    { check: 'jdk', level: 'problem', summary: /1\.8\.0_392 of PATH is too old/ },
  ],
  [
    'JAVA_HOME points nowhere',
    { javaHome: { path: '/nowhere', exists: false }, java: { missing: true } },
    {
      check: 'jdk',
      level: 'problem',
      summary: /JAVA_HOME points at \/nowhere, which does not exist/,
      remedy: /unset JAVA_HOME/,
    },
  ],
  [
    'no Java at all',
    { java: { missing: true }, javac: { missing: true } },
    { check: 'jdk', level: 'problem', summary: /no Java that runs on PATH/, remedy: /apt install/ },
  ],
  [
    'a runtime without a compiler',
    { javac: { missing: true } },
    { check: 'javac', level: 'problem', summary: /without a compiler/, remedy: /jdk-headless/ },
  ],
  [
    'no Maven',
    { maven: { missing: true } },
    { check: 'maven', level: 'problem', summary: /not on PATH/, remedy: /apt install maven/ },
  ],
  [
    'an old Maven',
    { maven: { output: 'Apache Maven 3.6.3' } },
    { check: 'maven', level: 'problem', summary: /Maven 3\.6\.3 is too old: ≥ 3\.8/ },
  ],
  [
    'Maven on a Java of its own that is too old',
    { maven: { output: 'Apache Maven 3.9.9\nJava version: 11.0.2, vendor: x' } },
    { check: 'maven', level: 'problem', summary: /runs on Java 11\.0\.2/ },
  ],
  [
    'an old Node',
    { nodeVersion: '20.18.3' },
    {
      check: 'node',
      level: 'problem',
      summary: /Node 20\.18\.3 is too old.*20\.19, 22\.12, ≥ 24/,
      remedy: /nvm install 24/,
    },
  ],
  [
    'Node 20, which works but is not maintained',
    { nodeVersion: '20.20.2' },
    { check: 'node', level: 'note', summary: /no security fixes/, remedy: /make node/ },
  ],
  ['Node 22', { nodeVersion: '22.12.0' }, { check: 'node', level: 'ok', summary: /22/ }],
  [
    'no make',
    { make: { missing: true } },
    { check: 'make', level: 'problem', summary: /not on PATH/, remedy: /apt install make/ },
  ],
  [
    'no psql, which is optional',
    { psql: { missing: true } },
    { check: 'psql', level: 'note', summary: /not on PATH/, remedy: /postgresql-client/ },
  ],
  [
    'a disk nearly full',
    { disk: { freeBytes: 200 * 1024 ** 2, totalBytes: 10 * 1024 ** 3 } },
    { check: 'disk', level: 'problem', summary: /nearly full: 200 MiB of 10 GiB/ },
  ],
  [
    'less room than the WAL budget',
    { disk: { freeBytes: 3 * 1024 ** 3, totalBytes: 10 * 1024 ** 3 } },
    { check: 'disk', level: 'note', summary: /Little room: 3 GiB/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkMachine({ ...machine, ...facts }), expected));
}

test('a system that does not tell free space is not judged by it', () => {
  const findings = checkMachine({ ...machine, disk: undefined });
  assert.not.ok(findings.some(({ check }) => check === 'disk'));
});

test.run();
