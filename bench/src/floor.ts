import type { Clock } from '@shelfcast/service-kit/clock';
import type { Pool } from 'pg';
import { LogicalReplicationService, PgoutputPlugin } from 'pg-logical-replication';
import { toUs } from './load.ts';
import { KEY_PREFIX } from './rows.ts';

/** A change as the plainest possible reader of the same publication sees it. */
export interface FloorChange {
  readonly commitUs: bigint;
  readonly receivedUs: bigint;
}

/** The floor: what a Node client with nothing but a logical replication slot would get. */
export interface Floor {
  /** Receives the changes of the benchmark's rows from where the slot stands, until stopped. */
  listen(onChange: (change: FloorChange) => void): Promise<{ stop(): Promise<void> }>;
  drop(): Promise<void>;
}

const SLOT = 'bench_floor';
const PUBLICATION = 'shelfcast';
const ACKNOWLEDGE_SECONDS = 10;

/** Makes a slot that holds on to everything committed from now on. */
export async function createFloor(
  products: Pool,
  { connectionString, clock }: { connectionString: string; clock: Clock },
): Promise<Floor> {
  const drop = async () => {
    await products.query(
      'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
      [SLOT],
    );
  };
  await drop();
  await products.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [SLOT]);

  return {
    drop,
    async listen(onChange) {
      const service = new LogicalReplicationService(
        { connectionString, application_name: 'shelfcast-bench' },
        { acknowledge: { auto: false, timeoutSeconds: ACKNOWLEDGE_SECONDS } },
      );
      const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [PUBLICATION] });
      let commitUs = 0n;
      service.on('data', (_lsn, message: unknown) => {
        const receivedUs = toUs(clock());
        const { tag, commitTime, row } = parts(message);
        if (tag === 'begin') commitUs = BigInt(String(commitTime));
        if (tag === 'update' && String(row?.product_id).startsWith(KEY_PREFIX)) {
          onChange({ commitUs, receivedUs });
        }
      });
      const started = new Promise<void>((resolve, reject) => {
        service.on('start', () => resolve());
        service.on('error', reject);
      });
      void service.subscribe(plugin, SLOT).catch(() => {}); // told by 'error' as well
      await started;
      return {
        stop: async () => {
          await service.acknowledge(service.lastLsn());
          await service.destroy();
        },
      };
    },
  };
}

/** The library gives its messages no type. */
function parts(message: unknown): {
  tag?: unknown;
  commitTime?: unknown;
  row?: Readonly<Record<string, unknown>>;
} {
  if (typeof message !== 'object' || message === null) return {};
  const tag = Reflect.get(message, 'tag');
  const row: unknown = Reflect.get(message, 'new');
  return {
    tag,
    commitTime: Reflect.get(message, 'commitTime'),
    ...(isRow(row) ? { row } : {}),
  };
}

function isRow(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
