import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { NO_PRIVATE, parseAllowedPrivate, refusal } from './address-policy.ts';

const REFUSED =
  `0.0.0.0 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.8.8.8 169.254.169.254 172.16.0.1 172.31.255.255
  192.0.0.192 192.0.2.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255
  :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
  64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
  fec0::1 ff02::1 not-an-address`.split(/\s+/);

test('what is not global unicast is refused', () => {
  for (const address of REFUSED) {
    assert.type(refusal(address, 'example.com', NO_PRIVATE), 'string', address);
  }
});

test('public addresses pass', () => {
  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
  ]) {
    assert.is(refusal(address, 'example.com', NO_PRIVATE), undefined, address);
  }
});

test('exceptions: networks, addresses, hosts, everything', () => {
  const allowed = parseAllowedPrivate('10.1.0.0/16, ::1, hooks.internal');
  assert.is(refusal('10.1.2.3', 'x', allowed), undefined);
  assert.is(refusal('::ffff:10.1.2.3', 'x', allowed), undefined);
  assert.is(refusal('::1', 'x', allowed), undefined);
  assert.is(refusal('192.168.0.1', 'Hooks.Internal', allowed), undefined);
  assert.type(refusal('10.2.0.1', 'x', allowed), 'string');
  assert.type(refusal('127.0.0.1', 'x', allowed), 'string');
  assert.is(refusal('127.0.0.1', 'x', parseAllowedPrivate('on')), undefined);
  assert.type(refusal('127.0.0.1', 'x', parseAllowedPrivate('off')), 'string');
  for (const text of ['10.0.0.0/33', 'a b', 'on,,', 'http://x']) {
    assert.throws(() => parseAllowedPrivate(text), /neither a network/, text);
  }
});

test.run();
