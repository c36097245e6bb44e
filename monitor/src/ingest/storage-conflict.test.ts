import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { otherStore, storingClientId } from './storage-conflict.ts';

const OURS = '11111111-1111-4111-8111-111111111111';
const THEIRS = '22222222-2222-4222-8222-222222222222';
const test = suite('one store');

const groupOf = (...clientIds: string[]) => ({
  groupMembers: async () =>
    clientIds.map((clientId, nr) => ({ memberId: `m-${nr}`, clientId, host: '/10.0.0.1' })),
});

test('who stores into the same database, or does not say where, is welcome', async () => {
  const group = groupOf(storingClientId('monitor-a', OURS), 'monitor-old');
  assert.is(await otherStore(group, 'monitor', OURS), undefined);
  assert.is(await otherStore(groupOf(), 'monitor', OURS), undefined);
});

test('who stores elsewhere is named, with what to change', async () => {
  const group = groupOf(storingClientId('monitor-a', OURS), storingClientId('monitor-b', THEIRS));
  const found = await otherStore(group, 'monitor', OURS);
  assert.match(found ?? '', /^monitor-b at 10\.0\.0\.1 shares MONITORING_GROUP=monitor/);
  assert.match(found ?? '', /MONITORING_DATABASE_URL/);
});

test.run();
