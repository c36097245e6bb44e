import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Router } from 'express';
import { pino } from 'pino';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../eventually.ts';
import { createApp } from './app.ts';
import { createBodyReader } from './body.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import { serve } from './serve.ts';
import { toProblem } from './to-problem.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;

/** A budget that says how much of it is taken. */
function watchedBudget(): ByteBudget & { taken(): number } {
  const budget = createByteBudget({ totalBytes: 1e9, callerBytes: 1e9 });
  let taken = 0;
  return {
    take(caller, bytes) {
      taken += bytes;
      return budget.take(caller, bytes);
    },
    give(caller, bytes) {
      taken -= bytes;
      budget.give(caller, bytes);
    },
    taken: () => taken,
  };
}

test('what is inflated of a sender who hangs up meanwhile is given back', async () => {
  const budget = watchedBudget();
  const readBody = createBodyReader({ callerOf: () => 'one', budget });
  const router = Router().post('/', readBody(LIMIT_BYTES), (_request, response) => {
    response.end();
  });
  const app = createApp({ routers: [router], toProblem, log: pino({ enabled: false }) });
  const service = await serve({ host: '127.0.0.1', port: 0, app, drainMs: 0 });
  // A small part of the wire holds tens of megabytes, which zlib hands over long after the sender has gone.
  const body = gzipSync(Buffer.alloc(LIMIT_BYTES / 2, ' ')).subarray(0, -100);
  try {
    for (let waitMs = 1; waitMs < 10; waitMs += 1) {
      const socket = connect(service.port, '127.0.0.1');
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 9000000\r\n\r\n',
      );
      socket.write(body);
      await eventually(() => budget.taken() > 0, { what: 'the body to arrive', intervalMs: 1 });
      await delay(waitMs);
      socket.destroy();
      await once(socket, 'close');
      const what = `what was sent for ${waitMs} ms to be given back`;
      await eventually(() => budget.taken() === 0, { what, timeoutMs: 5_000 });
    }
    await delay(200);
    assert.is(budget.taken(), 0, 'nothing comes afterwards');
  } finally {
    await service.close();
  }
});

test.run();
