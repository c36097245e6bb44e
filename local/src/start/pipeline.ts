import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { registerConnector } from '@shelfcast/connect-config/register';
import { ensureDeclaredTopics } from '@shelfcast/connect-config/topics';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { migrateProducts } from '@shelfcast/product-database/migrate';
import { seedProducts } from '@shelfcast/product-database/seed';
import { registerContracts } from '@shelfcast/schemas/registration';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/logging';
import { createPool } from '@shelfcast/service-kit/postgres';
import { databaseUrl } from '../components/databases.ts';
import { confluentUrl } from '../components/registry.ts';
import type { LocalSettings } from '../settings.ts';
import { withClient } from '../with-client.ts';

/** What turns running components into a pipeline. Each of these may be repeated at any time. */

type Report = (line: string) => void;

/** Tables, publication and Debezium's role; in an empty database also the example catalogue. */
export async function prepareProducts(settings: LocalSettings, report: Report): Promise<string> {
  const connectionString = databaseUrl(settings, 'products');
  await migrateProducts({
    connectionString,
    debeziumPassword: settings.debeziumPassword,
    log: report,
  });
  const seeded = await seedProducts({ connectionString });
  return seeded.products > 0 ? `${seeded.products} products seeded` : 'up to date';
}

/** Every topic the pipeline uses. */
export async function prepareTopics(settings: LocalSettings): Promise<string> {
  const capturedTables = await withClient(
    { connectionString: databaseUrl(settings, 'products') },
    listCapturedTables,
  );
  const changes: string[] = [];
  await withAdmin(settings, (admin) =>
    ensureDeclaredTopics(admin, {
      settings: settings.capture,
      capturedTables,
      log: (line) => changes.push(line),
    }),
  );
  return changes.length > 0 ? `${changes.length} created or changed` : 'up to date';
}

/** The Avro contracts of the topics that are not captured tables. */
export async function prepareContracts(settings: LocalSettings): Promise<string> {
  const contracts = await registerContracts({
    registryUrl: confluentUrl(settings.ports.registry),
    // The first requests after a start are its slowest.
    requestTimeoutMs: 60_000,
  });
  return `${contracts.length} contracts`;
}

/** The connector, RUNNING with its task; one that was paused or had failed is brought back. */
export async function prepareConnector(settings: LocalSettings, report: Report): Promise<string> {
  const products = createPool({
    url: databaseUrl(settings, 'products'),
    max: 3,
    applicationName: 'shelfcast-local',
    log: silentLogger(),
  });
  try {
    const { action } = await withAdmin(settings, (admin) =>
      registerConnector({
        client: createConnectClient({ url: `http://127.0.0.1:${settings.ports.connect}` }),
        products,
        admin,
        settings: settings.capture,
        log: report,
      }),
    );
    return action;
  } finally {
    await products.end();
  }
}

/** Waits until every consumer has handled a product of the source: a change has then gone all the way. */
export async function awaitFirstChange(settings: LocalSettings): Promise<string> {
  const productId = await withClient(
    { connectionString: databaseUrl(settings, 'products') },
    async (client) => {
      const { rows } = await client.query<{ id: string | null }>(
        'select max(product_id) as id from public.products',
      );
      return rows[0]?.id ?? undefined;
    },
  );
  if (productId === undefined) return 'there are no products to wait for';
  const consumers = settings.capture.consumerGroups;
  await withClient({ connectionString: databaseUrl(settings, 'consumers') }, (client) =>
    eventually(
      async () => {
        const { rows } = await client.query<{ consumer: string }>(BEHIND, [consumers, productId]);
        const behind = rows.map(({ consumer }) => consumer);
        if (behind.length > 0) {
          throw new Error(`product ${productId} has not reached ${behind.join(', ')} yet`);
        }
      },
      { timeoutMs: 60_000, intervalMs: 100, what: `product ${productId} in every consumer` },
    ),
  );
  return `product ${productId} has reached ${consumers.join(', ')}`;
}

/** Consumers that have not started, or take products and have not handled this one (its guard comes with the effect). */
const BEHIND = `
  select c.consumer from unnest($1::text[]) as c(consumer)
  where not exists (select from runtime.floors f where f.consumer = c.consumer)
     or exists (select from runtime.floors f where f.consumer = c.consumer and f.entity = 'products')
        and not exists (
          select from runtime.guards g
          where g.consumer = c.consumer and g.entity = 'products' and g.key = $2)`;

async function withAdmin<T>(
  settings: LocalSettings,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  const admin = createKafka({
    connection: {
      bootstrapServers: settings.ports.kafka.map((port) => `127.0.0.1:${port}`),
      maxRecordBytes: settings.capture.maxRecordBytes,
    },
    clientId: 'shelfcast-local',
    log: silentLogger(),
  }).createAdmin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
