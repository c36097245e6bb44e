import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeCommand } from '../checkout.ts';

const test = suite('commands while the stack is down');
const folder = mkdtempSync(join(tmpdir(), 'shelfcast-down-'));

test.after(() => rmSync(folder, { recursive: true }));

function cli(...words: string[]) {
  const { command, args } = nodeCommand('local', 'cli');
  return spawnSync(command, [...args, ...words], {
    encoding: 'utf8',
    env: {
      ...process.env,
      SHELFCAST_STATE_DIR: folder,
      POSTGRES_PORT: '9',
      DB: 'products',
      SQL: 'select 1',
    },
  });
}

test('psql and a command that fails say that it is not up', () => {
  for (const words of [['psql'], ['exec', '--', process.execPath, '-e', 'process.exit(3)']]) {
    const { status, stderr } = cli(...words);
    assert.is.not(status, 0);
    assert.match(stderr, 'The stack is not up: make start.');
  }
});

test('a command that works says nothing of it', () => {
  assert.is(cli('exec', '--', process.execPath, '-e', '').stderr, '');
});

test.run();
