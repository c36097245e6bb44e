import { once } from 'node:events';
import express from 'express';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../eventually.ts';
import { inTurns } from './turns.ts';

const test = suite('turns');

test('each caller has a few requests at a time, and those who hang up give theirs back', async () => {
  const begun: string[] = [];
  const answers = new Map<string, () => void>();
  const app = express();
  const callerOf = (request: express.Request) => String(request.headers['x-caller']);
  app.get('/:id', inTurns({ concurrent: 2, waiting: 3, callerOf }), (request, response) => {
    const id = String(request.params.id);
    begun.push(id);
    answers.set(id, () => response.end());
  });
  app.use(((error, _request, response, _next) => {
    response.status(error.status).end();
  }) as express.ErrorRequestHandler);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const leaving = new AbortController();
  const ask = (caller: string, id: string, signal?: AbortSignal): Promise<number> =>
    fetch(`http://127.0.0.1:${port}/${id}`, {
      headers: { 'x-caller': caller },
      ...(signal === undefined ? {} : { signal }),
    }).then(
      ({ status }) => status,
      () => 0,
    );
  const until = (...ids: string[]) =>
    eventually(() => assert.equal([...begun].sort(), ids), { what: 'turns' });
  try {
    const first = [ask('a', 'a1'), ask('a', 'a2', leaving.signal)];
    await until('a1', 'a2');
    const waiting = [ask('a', 'a3')];
    await eventually(async () => (await ask('b', 'none', AbortSignal.timeout(50))) === 0, {
      what: 'a3 has arrived',
    });
    const b = ask('b', 'b1');
    await until('a1', 'a2', 'b1', 'none');
    answers.get('b1')?.();
    assert.is(await b, 200, 'another caller does not wait');
    leaving.abort();
    await until('a1', 'a2', 'a3', 'b1', 'none');
    answers.get('a1')?.();
    answers.get('a3')?.();
    assert.equal(await Promise.all([...first, ...waiting]), [200, 0, 200]);
    const many = Array.from({ length: 6 }, (_, nr) => ask('c', `c${nr}`));
    assert.is(await Promise.any(many), 429, 'no more than so many wait');
    for (let nr = 0; nr < 6; nr += 1) {
      await eventually(() => [...answers.keys()].filter((id) => id.startsWith('c')).length > 0, {
        what: 'a turn',
      });
      for (const [id, answer] of answers) if (id.startsWith('c')) answer();
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test.run();
