import type { Codec } from '@shelfcast/schemas/codec';
import { methodNotAllowed } from '@shelfcast/service-kit/http/method-not-allowed';
import { Problem } from '@shelfcast/service-kit/http/problem';
import type { LogReader } from '@shelfcast/service-kit/kafka/types';
import { type Request, type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import { instant, noQuery, readQuery, whole, words } from '../http/read-query.ts';
import type { SeriesStore } from '../ingest/series.ts';
import type { ExpectedServices } from '../numbers/completed.ts';
import { decodeRecord, fetchRecord, maskRecord } from '../records/read-record.ts';
import { buildTimeline } from '../timeline/build-timeline.ts';
import { readReportsOf } from '../timeline/read-timeline.ts';
import { decodeCursor } from './cursor.ts';
import { listEvents } from './list-events.ts';

export interface EventRoutesOptions {
  /** Lets only those through who may read. */
  readonly mayRead: RequestHandler;
  readonly pool: Pool;
  readonly series: SeriesStore;
  readonly expectedOf: ExpectedServices;
  readonly reader: LogReader;
  readonly codec: Codec;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
  /** Columns of a record that are not shown to who asks. */
  readonly hiddenFrom: (request: Request) => ReadonlySet<string>;
}

const MAX_PAGE = 500;
const MAX_NAME = 1_000;
const MAX_SEARCH = 100;

/** GET /api/events, /api/events/{eventId} and /api/events/{eventId}/record. */
export function eventRoutes(options: EventRoutesOptions): Router {
  const { mayRead, turns, pool, series, expectedOf, reader, codec, hiddenFrom } = options;
  // Apart: while the brokers are silent, lists are shown.
  const [lists, records] = [turns(), turns()];

  async function reportsOf({ params }: Request) {
    const { eventId } = params;
    // Express' types allow for patterns that repeat.
    if (typeof eventId !== 'string') throw new Error('the route has no event id');
    const [first, ...others] = await readReportsOf(pool, eventId);
    if (first === undefined) {
      throw new Problem('not-found', `No step of an event ${eventId.slice(0, 200)} was reported`);
    }
    return [first, ...others] as const;
  }

  return Router()
    .get('/api/events', mayRead, lists, async (request, response) => {
      const { from, to, limit, cursor, ...filter } = readQuery(request.query, {
        topic: words(MAX_NAME),
        key: words(MAX_NAME),
        stage: words(MAX_NAME),
        service: words(MAX_NAME),
        q: words(MAX_SEARCH),
        from: instant().optional(),
        to: instant().optional(),
        limit: whole({ min: 1, max: MAX_PAGE }).prefault('50'),
        cursor: words(4_000),
      });
      const page = await listEvents({
        pool,
        series,
        filter: { ...filter, fromMs: from, toMs: to },
        limit,
        cursor: cursor === undefined ? undefined : decodeCursor(cursor),
      });
      response.json(page);
    })
    .all('/api/events', methodNotAllowed('GET', 'HEAD'))
    .get('/api/events/:eventId', mayRead, noQuery, lists, async (request, response) => {
      const reports = await reportsOf(request);
      response.json(buildTimeline(reports, expectedOf(reports[0].topic)));
    })
    .all('/api/events/:eventId', methodNotAllowed('GET', 'HEAD'))
    .get('/api/events/:eventId/record', mayRead, noQuery, records, async (request, response) => {
      const reports = await reportsOf(request);
      const placed = reports.find(({ partition, offset }) => partition !== null && offset !== null);
      if (placed === undefined || placed.partition === null || placed.offset === null) {
        throw new Problem('not-found', 'There is no record that the event is about');
      }
      const { topic, partition, offset } = placed;
      const record = await fetchRecord(reader, { topic, partition, offset: BigInt(offset) });
      response.json(maskRecord(await decodeRecord(codec, record), hiddenFrom(request)));
    })
    .all('/api/events/:eventId/record', methodNotAllowed('GET', 'HEAD'));
}
