import { checkCapture } from '@shelfcast/connect-config/health/check-source';
import { type CaptureFacts, readDatabase } from '@shelfcast/connect-config/health/read-source';
import type { SourceFinding } from '@shelfcast/connect-config/health/source-finding';
import { openConnectorContext } from '@shelfcast/connect-config/open-context';
import { registerConnector } from '@shelfcast/connect-config/register';
import { formatTableName } from '@shelfcast/connect-config/table-name';
import { ensureDeclaredTopics } from '@shelfcast/connect-config/topics';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { migrateProducts } from '@shelfcast/product-database/migrate';
import { seedProducts } from '@shelfcast/product-database/seed';
import { registerContracts } from '@shelfcast/schemas/registration';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaAdmin, KafkaConnection } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { connectUrl } from '../components/connect.ts';
import { databaseUrl } from '../components/databases.ts';
import { registryAddress } from '../components/registry.ts';
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
    registryUrl: registryAddress(settings),
    // The first requests after a start are its slowest.
    requestTimeoutMs: 60_000,
  });
  return `${contracts.length} contracts`;
}

/** The connector, RUNNING with its task; one that was paused or had failed is brought back. */
export async function prepareConnector(settings: LocalSettings, report: Report): Promise<string> {
  const { context, close } = openConnectorContext({
    connectUrl: connectUrl(settings),
    productsDatabaseUrl: databaseUrl(settings, 'products'),
    kafka: kafkaOf(settings),
    registry: { registryUrl: registryAddress(settings) },
    capture: settings.capture,
    clientId: 'shelfcast-local',
    log: report,
  });
  try {
    const { action, unread, warnings } = await registerConnector(context);
    const names = unread.map(({ table }) => formatTableName(table)).join(', ');
    // What is said on the way is gone from a terminal when the step is done.
    return [action, ...(names === '' ? [] : [`not read whole: ${names}`]), ...warnings].join('; ');
  } finally {
    await close();
  }
}

/** The table whose newest row is waited for. */
const WAITED_FOR = 'public.products';

/**
 * Waits until every consumer has handled a product of the source: a change has then gone all the way. Where products are
 * not captured as they should be, there is nothing to wait for, and the findings say why.
 */
export async function awaitFirstChange(settings: LocalSettings): Promise<string> {
  const connectionString = databaseUrl(settings, 'products');
  const { productId, wrong } = await withClient({ connectionString }, async (client) => {
    const { capture } = await readDatabase(client);
    const wrong = capture && problemsOf(capture, WAITED_FOR);
    if (wrong === undefined || wrong.length > 0) return { productId: undefined, wrong };
    const { rows } = await client.query<{ id: string | null }>(
      `select max(product_id) as id from ${WAITED_FOR}`,
    );
    return { productId: rows[0]?.id ?? undefined, wrong };
  });
  if (wrong === undefined || wrong.length > 0) {
    return `not waited for: ${WAITED_FOR} is not captured as it should be (make doctor)`;
  }
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

/** What keeps changes of a table from coming; undefined where it is not captured at all. */
function problemsOf(capture: CaptureFacts, name: string): SourceFinding[] | undefined {
  if (!capture.tables.some((table) => table.name === name)) return undefined;
  return checkCapture(capture).filter(
    ({ level, subject = name }) => level === 'problem' && subject === name,
  );
}

/** Consumers that have not started, or take products and have not handled this one (its guard comes with the effect). */
const BEHIND = `
  select c.consumer from unnest($1::text[]) as c(consumer)
  where not exists (select from runtime.retired r where r.consumer = c.consumer)
    and (not exists (select from runtime.floors f where f.consumer = c.consumer)
     or exists (select from runtime.floors f where f.consumer = c.consumer and f.entity = 'products')
        and not exists (
          select from runtime.guards g
          where g.consumer = c.consumer and g.entity = 'products' and g.key = $2))`;

function kafkaOf({ ports, capture }: LocalSettings): KafkaConnection {
  return {
    bootstrapServers: ports.kafka.map((port) => `127.0.0.1:${port}`),
    maxRecordBytes: capture.maxRecordBytes,
  };
}

async function withAdmin<T>(
  settings: LocalSettings,
  work: (admin: KafkaAdmin) => Promise<T>,
): Promise<T> {
  const admin = createKafka({
    connection: kafkaOf(settings),
    clientId: 'shelfcast-local',
    log: silentLogger(),
  }).createAdmin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}
