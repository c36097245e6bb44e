import type { ServerResponse } from 'node:http';

/**
 * Answers with JSON. Express' own `response.json` looks up its settings, the type and its charset for every answer,
 * which costs as much as everything else an answer takes.
 */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}
