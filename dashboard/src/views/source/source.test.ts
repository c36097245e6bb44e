import type { ConnectorItem, ReplicationState } from '@shelfcast/schemas/monitor/operations';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectorSummary, describeHeartbeat, slotSummary } from './source-messages.ts';

const test = suite('source');
const failure = { cause: 'connection refused', meaning: null, remedy: null, needsResync: false };
const task = { id: 0, state: 'RUNNING', worker: 'w', failure: null };
const connector: ConnectorItem = {
  name: 'products',
  state: 'RUNNING',
  failure: null,
  tasks: [task],
};
const slot = {
  active: true,
  walStatus: 'reserved',
  retainedWalBytes: '1024',
  safeWalSize: '3072',
  invalidationReason: null,
};
const replication: ReplicationState = {
  slotName: 's',
  slot,
  heartbeatAgeMs: 1_000,
  heartbeatWrittenAgeMs: 900,
  burnRate: null,
  remedy: null,
};

test('a connector that runs with a failed task has failed, and says the first cause', () => {
  const failed = { ...task, state: 'FAILED', failure };
  const summary = connectorSummary({ ...connector, tasks: [failed] });
  assert.equal([summary.status, summary.failure], ['bad', failure]);
  assert.match(summary.summary, '1 task of 1 failed');
  assert.is(connectorSummary(connector).status, 'ok');
  assert.is(connectorSummary({ ...connector, state: 'PAUSED' }).word, 'is paused');
  assert.is(connectorSummary({ ...connector, tasks: [] }).word, 'starts');
});

test('the gauge is what is kept of what may be kept', () => {
  const summary = slotSummary(replication);
  assert.equal([summary.spentShare, summary.figure, summary.remedy], [0.25, '1 kB of 4 kB', null]);
  const free = slotSummary({ ...replication, slot: { ...slot, safeWalSize: null } });
  assert.equal([free.spentShare, free.figure], [null, '1 kB, without a limit']);
});

test('what has to be done is said with the command that doctor and the alerts name', () => {
  const remedy = 'YES=1 make resync';
  assert.is(slotSummary({ ...replication, slot: null, remedy }).remedy, remedy);
  const lost = { ...slot, walStatus: 'lost', safeWalSize: null, invalidationReason: 'wal_removed' };
  assert.is(slotSummary({ ...replication, slot: lost, remedy }).remedy, remedy);
  const full = { ...slot, retainedWalBytes: '9000', safeWalSize: '1000' };
  const burnRate = { bytesPerSecond: 100, spentInMs: 7_200_000 };
  const summary = slotSummary({ ...replication, slot: full, burnRate });
  assert.is(summary.status, 'bad');
  assert.match(summary.summary, 'full in 2 h');
  assert.is(slotSummary({ ...replication, slot: { ...slot, active: false } }).word, 'is not read');
});

test('when it is full is only said of a slot that fills', () => {
  assert.match(slotSummary(replication).summary, 'read as fast as it fills');
  const burnRate = { bytesPerSecond: 100, spentInMs: 86_400_000 };
  assert.match(slotSummary({ ...replication, burnRate }).summary, 'full in 1 day');
});

test('a heartbeat that is late says so', () => {
  const of = (heartbeatAgeMs: number | null) =>
    describeHeartbeat({ heartbeatAgeMs, heartbeatWrittenAgeMs: 2_000 });
  assert.equal(of(4_000).isLate, false);
  assert.match(
    of(180_000).summary,
    '3 min ago, which is late; the last was written in the database 2 s',
  );
  assert.is(of(null).isLate, true);
});

test.run();
