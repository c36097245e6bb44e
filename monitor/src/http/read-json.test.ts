import { once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createApp } from '@shelfcast/service-kit/http/app';
import { createBodyReader } from '@shelfcast/service-kit/http/body';
import { createByteBudget } from '@shelfcast/service-kit/http/byte-budget';
import { serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import { Router } from 'express';
import { pino } from 'pino';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { bodyOf, readJson } from './read-json.ts';

const test = suite('reading JSON');

/** Bytes under way of one caller. */
const BUDGET = 400_000;
const schema = z.strictObject({ dryRun: z.boolean().optional(), reason: z.string().optional() });

async function withRoute(work: (post: typeof fetch, url: string) => Promise<void>): Promise<void> {
  const readBody = createBodyReader({
    budget: createByteBudget({ totalBytes: BUDGET, callerBytes: BUDGET }),
    callerOf: () => 'one',
  });
  const router = Router().post('/', ...readJson(readBody), (request, response) => {
    response.json(bodyOf(request, schema));
  });
  const app = createApp({ routers: [router], toProblem, log: pino({ enabled: false }) });
  const service = await serve({ host: '127.0.0.1', port: 0, app, drainMs: 0 });
  const url = `http://127.0.0.1:${service.port}/`;
  try {
    await work((_path, init) => fetch(url, { method: 'POST', ...init }), url);
  } finally {
    await service.close();
  }
}

test('a body is JSON and says so; none at all is an empty object', () =>
  withRoute(async (post) => {
    const bytes = new TextEncoder().encode('{"dryRun":true}');
    assert.is((await post('', { body: bytes })).status, 415, 'no type');
    assert.is((await post('', { body: '{"dryRun":true}' })).status, 415, 'text/plain');
    const headers = { 'content-type': 'application/json' };
    assert.equal(await (await post('', { body: bytes, headers })).json(), { dryRun: true });
    assert.equal(await (await post('')).json(), {});
    assert.equal(await (await post('', { headers })).json(), {});
  }));

test('what no database text can hold is refused, what only looks like it is not', () =>
  withRoute(async (post) => {
    const headers = { 'content-type': 'application/json' };
    const send = (body: string) => post('', { body, headers });
    for (const reason of ['x\\u0000', 'x\\ud800', '\\udc00x']) {
      assert.is((await send(`{"reason":"${reason}"}`)).status, 422, reason);
    }
    assert.is((await send('{"x\\ud800":1}')).status, 422);
    for (const reason of ['a literal \\u0000', '👍', 'they said "__proto__":']) {
      assert.equal(await (await send(JSON.stringify({ reason }))).json(), { reason });
    }
  }));

test('bodies without an end take what their caller may have, and give it back', () =>
  withRoute(async (post, url) => {
    const headers = { 'content-type': 'application/json', 'content-length': '250000' };
    const begin = () => {
      const sending = request(url, { method: 'POST', headers }).on('error', () => {});
      sending.write(`{"reason":"${'x'.repeat(BUDGET * 0.4)}`);
      return sending;
    };
    const begun = [begin(), begin(), begin()];
    const refused = await Promise.race(
      begun.map(async (one) => {
        const [answer] = await once(one, 'response');
        return answer.statusCode;
      }),
    );
    assert.is(refused, 429);
    const small = { body: '{}', headers: { 'content-type': 'application/json' } };
    assert.is((await post('', small)).status, 200, 'a small one is taken');
    for (const one of begun) one.destroy();
    const large = { ...small, body: JSON.stringify({ reason: 'x'.repeat(BUDGET * 0.5) }) };
    await eventually(async () => assert.is((await post('', large)).status, 200), {
      what: 'what was taken is given back',
    });
  }));

test('what inflates bodies counts as well, however short they are', () =>
  withRoute(async (post, url) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const begun = Array.from({ length: 12 }, () => {
      const sending = request(url, { method: 'POST', headers }).on('error', () => {});
      sending.write(gzipSync('{"reason":"x"}').subarray(0, 12));
      return sending;
    });
    const refused = await Promise.race(
      begun.map(async (one) => {
        const [answer] = await once(one, 'response');
        return answer.statusCode;
      }),
    );
    assert.is(refused, 429);
    const small = { body: '{}', headers: { 'content-type': 'application/json' } };
    assert.is((await post('', small)).status, 200);
    for (const one of begun) one.destroy();
  }));

test.run();
