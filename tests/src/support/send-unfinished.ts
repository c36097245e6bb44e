// Sends batches that never end, from a process of its own: <port> <token> <connections> <milliseconds>. Each that is cut is
// begun again a second later. Says at its end how often which status was answered, and one of the answers of 429.
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

const [port = '', token = '', connections = '', forMs = ''] = process.argv.slice(2);
const endMs = performance.now() + Number(forMs);
const REST_MS = 1_000;

const gzipped = gzipSync(Buffer.alloc(8_000_000, ' ')).subarray(0, -100);
const KINDS = {
  length: { header: 'Content-Length: 8000000', body: Buffer.alloc(7_999_000, ' ') },
  // Chunks of one byte: what each takes in memory is not in its length.
  chunks: {
    header: 'Transfer-Encoding: chunked',
    body: Buffer.from('1\r\n \r\n'.repeat(300_000)),
  },
  gzip: {
    header: 'Transfer-Encoding: chunked\r\nContent-Encoding: gzip',
    body: Buffer.concat([
      Buffer.from(`${gzipped.length.toString(16)}\r\n`),
      gzipped,
      Buffer.from('\r\n'),
    ]),
  },
} as const;

const open = new Set<Socket>();

/** All of a batch of 8 MB but its end; resolves with what was answered when the connection is closed. */
function send({ header, body }: (typeof KINDS)[keyof typeof KINDS]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    open.add(socket);
    let answer = '';
    socket.on('data', (part) => {
      answer += String(part);
    });
    socket
      .on('error', () => {})
      .on('close', () => {
        open.delete(socket);
        resolve(answer);
      });
    socket.write(
      `POST /events/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${header}\r\n\r\n`,
    );
    socket.write(body);
  });
}

const statuses: Record<string, number> = {};
let refusal = '';

async function goOn(nr: number): Promise<void> {
  const kind = nr % 20 === 1 ? KINDS.gzip : nr % 20 === 2 ? KINDS.chunks : KINDS.length;
  while (performance.now() < endMs) {
    const answer = await send(kind);
    const status = /^HTTP\/1.1 (\d+)/.exec(answer)?.[1] ?? 'cut';
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (status === '429') refusal = answer;
    await delay(REST_MS);
  }
}

setTimeout(() => {
  for (const socket of open) socket.destroy();
}, Number(forMs));
await Promise.all(Array.from({ length: Number(connections) }, (_, nr) => goOn(nr)));
process.stdout.write(JSON.stringify({ statuses, refusal }));
