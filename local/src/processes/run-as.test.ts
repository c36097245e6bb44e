import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findUser, mayGrant } from './run-as.ts';

const test = suite('running as another user');

const PASSWD = `root:x:0:0:root:/root:/bin/bash
nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin
`;

test('the first user that exists is taken', () => {
  assert.equal(findUser(PASSWD, ['postgres', 'nobody']), { uid: 65_534, gid: 65_533 });
  assert.is(findUser(PASSWD, ['postgres']), undefined);
});

test('a capability can only be granted when the bounding set has it', () => {
  assert.ok(mayGrant('CapBnd:\t00000000a80425ff\n', 1n << 0n));
  assert.not.ok(mayGrant('CapBnd:\t00000000a80425fb\n', 1n << 2n));
  assert.not.ok(mayGrant('', 1n << 2n));
});

test.run();
