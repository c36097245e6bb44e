import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identify } from '../processes/identity.ts';
import { liveState } from './client.ts';
import { readDesired, readState, runFiles, type SupervisorState, writeState } from './state.ts';

const test = suite('state file');
const folder = mkdtempSync(join(tmpdir(), 'shelfcast-state-'));

test.after(() => rmSync(folder, { recursive: true }));

const self = identify(process.pid);
const state: SupervisorState = {
  supervisor: { pid: process.pid, startedAt: self?.startedAt ?? '' },
  children: [
    {
      name: 'kafka',
      status: 'restarting',
      since: '2026-01-01T00:00:00.000Z',
      restarts: 2,
      lastExit: { code: null, signal: 'SIGKILL', at: '2026-01-01T00:01:00.000Z' },
      logFile: '/x/kafka.log',
    },
  ],
};

test('what was written is read', () => {
  writeState(folder, state);
  assert.equal(readState(folder), state);
  assert.equal(liveState(folder), state);
});

test('a pid that now belongs to another process counts as not running', () => {
  writeState(folder, { ...state, supervisor: { pid: process.pid, startedAt: 'another time' } });
  assert.is(liveState(folder), undefined);
});

test('a damaged file counts as absent', () => {
  writeFileSync(runFiles(folder).state, '{"supervisor":');
  writeFileSync(runFiles(folder).desired, '[]');
  assert.is(readState(folder), undefined);
  assert.equal(readDesired(folder), { children: [] });
});

test.run();
