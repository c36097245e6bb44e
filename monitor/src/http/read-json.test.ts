import { createApp } from '@shelfcast/service-kit/http/app';
import { serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import { Router } from 'express';
import { pino } from 'pino';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { bodyOf, readJson } from './read-json.ts';

const test = suite('reading JSON');

const schema = z.strictObject({ dryRun: z.boolean().optional(), reason: z.string().optional() });

async function withRoute(work: (post: typeof fetch) => Promise<void>): Promise<void> {
  const router = Router().post('/', readJson(), (request, response) => {
    response.json(bodyOf(request, schema));
  });
  const app = createApp({ routers: [router], toProblem, log: pino({ enabled: false }) });
  const service = await serve({ host: '127.0.0.1', port: 0, app, drainMs: 0 });
  const url = `http://127.0.0.1:${service.port}/`;
  try {
    await work((_path, init) => fetch(url, { method: 'POST', ...init }));
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

test.run();
