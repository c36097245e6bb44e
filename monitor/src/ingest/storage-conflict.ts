import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';

/** Which database this is, among all that monitors store into. @throws what Postgres throws */
export async function readStoreId(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('select id::text from monitoring.store');
  const [store] = rows;
  if (store === undefined) throw new Error('monitoring.store has lost its row');
  return store.id;
}

/** What the brokers call a process that stores into this database: the other members of its group see it there. */
export function storingClientId(clientId: string, storeId: string): string {
  return `${clientId}.store-${storeId}`;
}

const STORE = /\.store-([0-9a-f-]{36})$/;

/**
 * Whether a group member stores in another database: each of the two would get a part of the reports.
 * @returns what is wrong and what to do, or undefined
 * @throws {KafkaError}
 */
export async function otherStore(
  admin: Pick<KafkaAdmin, 'groupMembers'>,
  groupId: string,
  storeId: string,
): Promise<string | undefined> {
  const members = await admin.groupMembers(groupId);
  const other = members.find(({ clientId }) => {
    const [, id] = STORE.exec(clientId) ?? [];
    return id !== undefined && id !== storeId;
  });
  if (other === undefined) return undefined;
  const name = other.clientId.replace(STORE, '');
  return (
    `${name} at ${other.host.replace('/', '')} shares MONITORING_GROUP=${groupId} and stores into another database, ` +
    'so each would get a part of the reports: give them one MONITORING_DATABASE_URL, or each a MONITORING_GROUP of its own'
  );
}
