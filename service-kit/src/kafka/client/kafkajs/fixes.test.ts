import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import Connection from 'kafkajs/src/network/connection.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fixKafkajs } from './fixes.ts';

const test = suite('kafkajs fixes');
const packageFile = createRequire(import.meta.url).resolve('kafkajs/package.json');

test('the repaired version is the installed one', () => {
  const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
  assert.is(version, '2.2.4', 'look whether the faults are still there, then raise this');
});

test('a connection without waiting requests has no timer', () => {
  fixKafkajs();
  fixKafkajs();
  const queue = Object.create(RequestQueue.prototype);
  Object.assign(queue, { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null });

  queue.scheduleCheckPendingRequests();
  assert.is(queue.throttleCheckTimeoutId, null);

  queue.pending.push('a request');
  queue.scheduleCheckPendingRequests();
  assert.ok(queue.throttleCheckTimeoutId !== null);
  clearTimeout(queue.throttleCheckTimeoutId);
});

test('a connection that is closed often leaves no listeners on the socket that has ended', async () => {
  fixKafkajs();
  const socket = new Socket();
  socket.destroy();
  const connection: Connection = Object.create(Connection.prototype);
  Object.assign(connection, {
    socket,
    requestQueue: { waitForPendingRequests: async () => {}, destroy: () => {} },
    logDebug: () => {},
  });
  for (let nr = 0; nr < 12; nr += 1) await connection.disconnect();
  assert.is(socket.listenerCount('connect'), 0);
});

test.run();
