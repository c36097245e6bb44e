import type { LiveBatch } from '@shelfcast/schemas/monitor/live';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createChannels } from './channels.ts';
import { createFlow } from './flow.ts';
import { parseCursor } from './positions.ts';
import type { Entry } from './recent.ts';
import { entryAt, idsOf } from './testing.ts';

const test = suite('channels');
const EMPTY = { hasRoom: () => true };

/** Channels whose batches are kept per client. */
function open() {
  const sent = new Map<string, LiveBatch[]>();
  let end = 0;
  const channels = createChannels({
    send: (ids, batch) => {
      for (const id of ids) sent.set(id, [...(sent.get(id) ?? []), batch]);
    },
    end: () => new Map([[0, BigInt(end)]]),
    nowMs: () => 0,
    onSampled: () => {},
  });
  return {
    channels,
    of: (id: string) => sent.get(id) ?? [],
    push(count: number, more: Parameters<typeof entryAt>[2] = {}): Entry[] {
      const entries = Array.from({ length: count }, (_, index) => entryAt(0, end + index, more));
      end += count;
      channels.push(entries);
      return entries;
    },
  };
}

test('a full batch goes at once, with a cursor that ends where it ends', () => {
  const { channels, of, push } = open();
  channels.join({ id: 'a', flow: createFlow({ outgoing: EMPTY }) }, {});
  push(1_200);
  assert.equal(
    of('a').map(({ items, cursor }) => [items.length, parseCursor(cursor)?.get(0)]),
    [
      [500, 500n],
      [500, 1_000n],
    ],
  );
  channels.stop();
});

test('who joins gets what comes then, and those before it get what was gathered', () => {
  const { channels, of, push } = open();
  channels.join({ id: 'a', flow: createFlow({ outgoing: EMPTY }) }, { service: 'catalogue' });
  push(3);
  channels.join({ id: 'b', flow: createFlow({ outgoing: EMPTY }) }, { service: 'catalogue' });
  assert.is(of('a')[0]?.items.length, 3);
  push(500);
  assert.is(of('a')[1]?.items.length, 500);
  assert.equal(of('b'), of('a').slice(1));
  channels.stop();
});

test('who does not keep up gets the newest and is told how many others there were', () => {
  const { channels, of, push } = open();
  const flow = createFlow({ outgoing: EMPTY, window: 1 });
  channels.join({ id: 'slow', flow }, {});
  push(500);
  push(500);
  const newest = push(500);
  assert.is(of('slow').length, 1);
  flow.received(1);
  push(500);
  const [, late] = of('slow');
  assert.is(late?.sampled, 1_000);
  assert.is(late?.items.length, 500);
  assert.not.ok(idsOf(late?.items ?? []).includes(newest[0]?.event.id ?? ''));
  channels.stop();
});

test('filters let through what they name', () => {
  const { channels, of, push } = open();
  channels.join(
    { id: 'a', flow: createFlow({ outgoing: EMPTY }) },
    { stages: ['failed'], text: 'BOOM' },
  );
  push(600);
  assert.is(of('a').length, 0);
  push(500, { stage: 'failed', error: { type: 'E', message: 'boom' } });
  assert.is(of('a')[0]?.items.length, 500);
  channels.leave('a');
  push(500, { stage: 'failed', error: { type: 'E', message: 'boom' } });
  assert.is(of('a').length, 1);
  channels.stop();
});

test.run();
