import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  listeningInodes,
  parseMemory,
  parseParentPid,
  parseProcStat,
  readableCommand,
} from './proc.ts';
import { familyUsage } from './usage.ts';

const test = suite('/proc');

const STATUS = `Name:	java
PPid:	41
VmRSS:	  300000 kB
RssAnon:	  200000 kB
RssFile:	   90000 kB
RssShmem:	   10000 kB
`;

test('a command with spaces and parentheses does not shift the fields', () => {
  const text = `42 (odd) name) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 12 0 98765 1000 200`;
  assert.equal(parseProcStat(text), { state: 'S', startTicks: 98_765, cpuTicks: 200 });
  assert.is(parseProcStat('42'), undefined);
});

test('memory is split into own and shared', () => {
  assert.equal(parseMemory(STATUS), { ownBytes: 200_000 * 1024, sharedBytes: 100_000 * 1024 });
  assert.equal(parseMemory('Name:\tzombie\n'), { ownBytes: 0, sharedBytes: 0 });
  assert.is(parseParentPid(STATUS), 41);
});

test('only listening sockets on the port count', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1111 1
   1: 0100007F:2384 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 2222 1
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3333 1
`;
  assert.equal(listeningInodes(table, 9092), ['1111']);
  assert.equal(listeningInodes(table, 5432), []);
});

test('a command line is made readable', () => {
  assert.is(readableCommand('java\0-jar\0x.jar\0'), 'java -jar x.jar');
  assert.is(readableCommand(`node\0${'x'.repeat(200)}\0`, 20).length, 20);
});

test('a family counts shared memory once, and leaves out who is measured apart', () => {
  const process = (parent: number, cpuMs: number) => ({
    parent,
    cpuMs,
    ownBytes: 10,
    sharedBytes: 100,
  });
  const before = new Map([
    [1, process(0, 0)],
    [2, process(1, 0)],
    [3, process(1, 0)],
  ]);
  const after = new Map([
    [1, process(0, 50)],
    [2, process(1, 150)],
    [3, process(1, 500)],
  ]);
  assert.equal(familyUsage(1, { before, after, elapsedMs: 1_000, apart: new Set([1, 3]) }), {
    memoryBytes: 120,
    cores: 0.2,
  });
});

test.run();
