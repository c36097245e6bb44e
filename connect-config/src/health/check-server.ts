import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import { note, ok, problem } from '@shelfcast/service-kit/finding';
import { size } from '@shelfcast/service-kit/format';
import type { ServerFacts } from './read-server.ts';
import { sqlOnProducts } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/** Settings that Postgres reads at its start; the stack starts it with the right ones. */
const RESTART = 'make stop && make start';

/** Beyond this, times of different machines no longer say what came first. */
const CLOCK_PROBLEM_MS = 5_000;
const CLOCK_NOTE_MS = 500;

/** The Postgres server: what logical decoding needs of it, and its clock. */
export function checkServer(server: ServerFacts): SourceFinding[] {
  return [
    checkWalLevel(server),
    checkWalBudget(server),
    checkSlots(server),
    checkSenders(server),
    checkRole(server),
    checkClock(server.clockOffsetMs),
  ];
}

function checkWalLevel({ walLevel }: ServerFacts): SourceFinding {
  if (walLevel === 'logical') return ok('wal-level', 'wal_level is logical');
  return problem(
    'wal-level',
    `wal_level is ${walLevel}: Postgres does not write what Debezium reads.`,
    `${RESTART}   # elsewhere: alter system set wal_level = logical, then restart Postgres`,
  );
}

function checkWalBudget({ maxSlotWalKeepBytes }: ServerFacts): SourceFinding {
  if (maxSlotWalKeepBytes >= 0) {
    return ok('wal-budget', `A slot may keep ${size(maxSlotWalKeepBytes)} of WAL`);
  }
  return problem(
    'wal-budget',
    'max_slot_wal_keep_size is unlimited: a connector that stays away fills the disk.',
    `${RESTART}   # elsewhere: alter system set max_slot_wal_keep_size = '4GB'`,
  );
}

function checkSlots({ replicationSlots, maxReplicationSlots }: ServerFacts): SourceFinding {
  const summary = `${replicationSlots} of ${maxReplicationSlots} replication slots used`;
  if (replicationSlots < maxReplicationSlots) return ok('slots', summary);
  return problem(
    'slots',
    `${summary}: no other can be made.`,
    sqlOnProducts(
      'select slot_name, active, wal_status from pg_replication_slots order by active',
    ).concat('   # then pg_drop_replication_slot, or a larger max_replication_slots'),
  );
}

function checkSenders({ walSenders, maxWalSenders }: ServerFacts): SourceFinding {
  const summary = `${walSenders} of ${maxWalSenders} WAL senders used`;
  if (walSenders < maxWalSenders) return ok('wal-senders', summary);
  return problem(
    'wal-senders',
    `${summary}: a connector that reconnects is refused.`,
    sqlOnProducts(
      'select pid, application_name, client_addr, state from pg_stat_replication',
    ).concat('   # then pg_terminate_backend, or a larger max_wal_senders'),
  );
}

/** Of the connector: the stream, the snapshots' session, the heartbeat's, and those that it asks the catalog with. */
const SESSIONS_NEEDED = 6;

/** What keeps the role out does so at its next session: until then the connector runs on. */
function checkRole({ debeziumRole, databaseName }: ServerFacts): SourceFinding {
  if (!debeziumRole) {
    return problem('role', `There is no role ${DEBEZIUM_ROLE} for the connector.`, 'make start');
  }
  if (!debeziumRole.login || !debeziumRole.replication) {
    return problem(
      'role',
      `Role ${DEBEZIUM_ROLE} may not ${debeziumRole.login ? 'replicate' : 'log in'}.`,
      sqlOnProducts(`alter role ${DEBEZIUM_ROLE} login replication`),
    );
  }
  const remedy = (sql: string) => sqlOnProducts(sql);
  const { connectionLimit, expired, connects } = debeziumRole;
  if (connectionLimit >= 0 && connectionLimit < SESSIONS_NEEDED) {
    return problem(
      'role',
      `Role ${DEBEZIUM_ROLE} may open ${connectionLimit} sessions, and the connector needs ${SESSIONS_NEEDED}.`,
      remedy(`alter role ${DEBEZIUM_ROLE} connection limit -1`),
    );
  }
  if (expired) {
    return problem(
      'role',
      `The password of role ${DEBEZIUM_ROLE} is not valid any more.`,
      remedy(`alter role ${DEBEZIUM_ROLE} valid until 'infinity'`),
    );
  }
  if (!connects) {
    return problem(
      'role',
      `Role ${DEBEZIUM_ROLE} may not connect to database ${databaseName}.`,
      remedy(`grant connect on database ${databaseName} to ${DEBEZIUM_ROLE}`),
    );
  }
  return ok('role', `Role ${DEBEZIUM_ROLE} may log in and replicate`);
}

function checkClock(offsetMs: number): SourceFinding {
  const away = `${Math.abs(Math.round(offsetMs))} ms`;
  const summary = `Postgres’ clock is ${away} ${offsetMs < 0 ? 'behind' : 'ahead of'} this machine’s`;
  const remedy = 'timedatectl set-ntp true   # on both machines';
  if (Math.abs(offsetMs) >= CLOCK_PROBLEM_MS) {
    return problem('clock', `${summary}: latencies and discounts in force are wrong.`, remedy);
  }
  if (Math.abs(offsetMs) >= CLOCK_NOTE_MS) {
    return note('clock', `${summary}: shown latencies are off by that.`, remedy);
  }
  return ok('clock', summary);
}
