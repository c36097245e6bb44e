import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fixKafkajs } from './kafkajs-fixes.ts';

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

test.run();
