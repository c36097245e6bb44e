import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { renewJars } from './renew-jars.ts';

interface Context {
  folder: string;
  from: string;
  into: string;
}

const test = suite<Context>('renewing jars');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'shelfcast-jars-'));
  context.from = join(context.folder, 'from');
  context.into = join(context.folder, 'into');
  for (const folder of [context.from, context.into]) mkdirSync(folder);
  for (const name of [
    'io.netty.netty-codec-4.1.118.Final.jar',
    'io.netty.netty-codec-http-4.1.118.Final.jar',
  ]) {
    writeFileSync(join(context.into, name), 'old');
  }
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test('a newer jar takes the place of its older one, under the name that the manifest has', ({
  from,
  into,
}) => {
  writeFileSync(join(from, 'io.netty.netty-codec-4.1.140.Final.jar'), 'new');
  renewJars({ from, into });
  const content = (name: string) => readFileSync(join(into, name), 'utf8');
  assert.is(content('io.netty.netty-codec-4.1.118.Final.jar'), 'new');
  assert.is(content('io.netty.netty-codec-http-4.1.118.Final.jar'), 'old');
  assert.is(readdirSync(into).length, 2);
});

test('one without a place is a mistake in the pom', ({ from, into }) => {
  writeFileSync(join(from, 'io.netty.netty-tcnative-2.0.1.jar'), 'new');
  assert.throws(() => renewJars({ from, into }), /netty-tcnative-2\.0\.1\.jar/);
});

test.run();
