import type { ClientBase, Pool } from 'pg';

/** What reports have in common: topic of the event, who made the step, and which step. */
export interface Series {
  readonly series: number;
  readonly topic: string;
  readonly service: string;
  readonly stage: string;
}

export interface SeriesStore {
  /** Numbers of lanes, in the order asked; those that are new are made known in the database first. */
  numbersOf(wanted: readonly Omit<Series, 'series'>[]): Promise<number[]>;
  /** All there are, also those that other processes made. */
  all(): Promise<readonly Series[]>;
}

type Db = Pick<ClientBase, 'query'>;

/** Lanes are never changed nor deleted, so what was once looked up is right for good. */
export function createSeriesStore(pool: Pool): SeriesStore {
  /** By topic, service and stage: no text is made to look one up. */
  const known = new Map<string, Map<string, Map<string, number>>>();
  const numberOf = ({ topic, service, stage }: Omit<Series, 'series'>): number | undefined =>
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
      `insert into monitoring.lanes (topic, service, stage)
       select distinct topic, service, stage from unnest($1::text[], $2::text[], $3::text[]) as l(topic, service, stage)
       where not exists (select from monitoring.lanes k
         where k.topic = l.topic and k.service = l.service and k.stage = l.stage)
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
    async numbersOf(wanted) {
      const missing = wanted.filter((series) => numberOf(series) === undefined);
      if (missing.length > 0) await learn(missing);
      return wanted.map((series) => {
        const number = numberOf(series);
        if (number === undefined) throw new Error(`a lane of ${series.topic} was not stored`);
        return number;
      });
    },
    all: () => allSeries(pool),
  };
}

async function allSeries(db: Db): Promise<Series[]> {
  const { rows } = await db.query<Series>(
    'select lane, topic, service, stage from monitoring.lanes',
  );
  return rows;
}
