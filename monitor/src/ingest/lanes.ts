import type { ClientBase, Pool } from 'pg';

/** What reports have in common: topic of the event, who made the step, and which step. */
export interface Lane {
  readonly lane: number;
  readonly topic: string;
  readonly service: string;
  readonly stage: string;
}

export interface Lanes {
  /** Numbers of lanes, in the order asked; those that are new are made known in the database first. */
  numbersOf(wanted: readonly Omit<Lane, 'lane'>[]): Promise<number[]>;
  /** All there are, also those that other processes made. */
  all(): Promise<readonly Lane[]>;
}

type Db = Pick<ClientBase, 'query'>;

/** Lanes are never changed nor deleted, so what was once looked up is right for good. */
export function createLanes(pool: Pool): Lanes {
  /** By topic, service and stage: no text is made to look one up. */
  const known = new Map<string, Map<string, Map<string, number>>>();
  const numberOf = ({ topic, service, stage }: Omit<Lane, 'lane'>): number | undefined =>
    known.get(topic)?.get(service)?.get(stage);

  function remember({ topic, service, stage, lane }: Lane): void {
    const services = known.get(topic) ?? new Map<string, Map<string, number>>();
    const stages = services.get(service) ?? new Map<string, number>();
    stages.set(stage, lane);
    services.set(service, stages);
    known.set(topic, services);
  }

  async function learn(missing: readonly Omit<Lane, 'lane'>[]): Promise<void> {
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
    for (const lane of await allLanes(pool)) remember(lane);
  }

  return {
    async numbersOf(wanted) {
      const missing = wanted.filter((lane) => numberOf(lane) === undefined);
      if (missing.length > 0) await learn(missing);
      return wanted.map((lane) => {
        const number = numberOf(lane);
        if (number === undefined) throw new Error(`a lane of ${lane.topic} was not stored`);
        return number;
      });
    },
    all: () => allLanes(pool),
  };
}

async function allLanes(db: Db): Promise<Lane[]> {
  const { rows } = await db.query<Lane>('select lane, topic, service, stage from monitoring.lanes');
  return rows;
}
