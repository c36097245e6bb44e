import { METRICS } from '@shelfcast/schemas/monitor/numbers';
import { methodNotAllowed } from '@shelfcast/service-kit/http/method-not-allowed';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { type RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import { z } from 'zod';
import { duration, instant, noQuery, readQuery } from '../http/read-query.ts';
import type { ConsumerGroups } from '../lag/consumer-groups.ts';
import { seriesOf } from './series.ts';
import { createSketchReader } from './sketch.ts';
import { readNumbers } from './store-numbers.ts';
import { summarize } from './summarize.ts';
import { BUCKET_SECONDS, bucketOf } from './tally.ts';

export interface NumbersRoutesOptions {
  /** Lets only those through who may read. */
  readonly mayRead: RequestHandler;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
  readonly pool: Pool;
  readonly groups: ConsumerGroups;
  readonly nowMs: () => number;
}

const YEAR = 366 * 86_400;
const MAX_POINTS = 2_000;
/** An hour of a dozen consumers. */
const SKETCHES = 5_000;

/** GET /api/summary, /api/series and /api/lag. */
export function numbersRoutes(options: NumbersRoutesOptions): Router {
  const { mayRead, turns, pool, groups, nowMs } = options;
  const counting = turns();
  const sketches = createSketchReader(SKETCHES);
  return Router()
    .get('/api/summary', mayRead, counting, async (request, response) => {
      const { window } = readQuery(request.query, {
        window: duration({ min: BUCKET_SECONDS, max: YEAR }).prefault('5m'),
      });
      // The bucket that is being filled counts as well: what happens now is what is asked for.
      const to = bucketOf(nowMs(), BUCKET_SECONDS) + BUCKET_SECONDS;
      const from = to - Math.ceil(window / BUCKET_SECONDS) * BUCKET_SECONDS;
      response.json(summarize(await readNumbers(pool, sketches, { from, to }), { from, to }));
    })
    .all('/api/summary', methodNotAllowed('GET', 'HEAD'))
    .get('/api/series', mayRead, counting, async (request, response) => {
      const query = readQuery(request.query, {
        metric: z.enum(METRICS, { error: `must be one of ${METRICS.join(', ')}` }),
        from: instant().optional(),
        to: instant().optional(),
        step: duration({ min: BUCKET_SECONDS, max: 86_400 }).prefault('10s'),
      });
      const stepSeconds = Math.ceil(query.step / BUCKET_SECONDS) * BUCKET_SECONDS;
      const toMs = query.to ?? nowMs();
      const to = bucketOf(toMs - 1, stepSeconds) + stepSeconds;
      const from = bucketOf(query.from ?? toMs - 300_000, stepSeconds);
      if (from >= to || (to - from) / stepSeconds > MAX_POINTS) {
        throw new Problem('malformed', `From to to has to be 1 to ${MAX_POINTS} steps`);
      }
      const rows = await readNumbers(pool, sketches, { from, to });
      response.json(seriesOf(query.metric, rows, { from, to, stepSeconds }));
    })
    .all('/api/series', methodNotAllowed('GET', 'HEAD'))
    .get('/api/lag', mayRead, noQuery, (_request, response) => {
      response.json(groups.lag());
    })
    .all('/api/lag', methodNotAllowed('GET', 'HEAD'));
}
