import type { ClientBase, Pool } from 'pg';

/** What reports have in common: topic of the event, who made the step, and which step. */
export interface Series {
  readonly series: number;
  readonly topic: string;
  readonly service: string;
  readonly stage: string;
}

export interface SeriesStore {
  /** Ids of series, in the order asked; those that are new are made known in the database first. */
  idsOf(wanted: readonly Omit<Series, 'series'>[]): Promise<number[]>;
  /** All there are, also those that other processes made. */
  all(): Promise<readonly Series[]>;
}

type Db = Pick<ClientBase, 'query'>;

/** Series are never changed nor deleted, so what was once looked up is right for good. */
export function createSeriesStore(pool: Pool): SeriesStore {
  /** By topic, service and stage: no text is made to look one up. */
  const known = new Map<string, Map<string, Map<string, number>>>();
  const idOf = ({ topic, service, stage }: Omit<Series, 'series'>): number | undefined =>
    known.get(topic)?.get(service)?.get(stage);

  function remember({ topic, service, stage, series }: Series): void {
    const services = known.get(topic) ?? new Map<string, Map<string, number>>();
    const stages = services.get(service) ?? new Map<string, number>();
    stages.set(stage, series);
    services.set(service, stages);
    known.set(topic, services);
  }

  async function learn(missing: readonly Omit<Series, 'series'>[]): Promise<void> {
    await pool.query(
      `insert into monitoring.report_series (topic, service, stage)
       select distinct topic, service, stage from unnest($1::text[], $2::text[], $3::text[]) as w(topic, service, stage)
       where not exists (select from monitoring.report_series k
         where k.topic = w.topic and k.service = w.service and k.stage = w.stage)
       on conflict do nothing`,
      [
        missing.map(({ topic }) => topic),
        missing.map(({ service }) => service),
        missing.map(({ stage }) => stage),
      ],
    );
    for (const series of await allSeries(pool)) remember(series);
  }

  return {
    async idsOf(wanted) {
      const missing = wanted.filter((series) => idOf(series) === undefined);
      if (missing.length > 0) await learn(missing);
      return wanted.map((series) => {
        const id = idOf(series);
        if (id === undefined) throw new Error(`a series of ${series.topic} was not stored`);
        return id;
      });
    },
    all: () => allSeries(pool),
  };
}

async function allSeries(db: Db): Promise<Series[]> {
  const { rows } = await db.query<Series>(
    'select id as series, topic, service, stage from monitoring.report_series',
  );
  return rows;
}
