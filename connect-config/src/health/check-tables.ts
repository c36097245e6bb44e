import { DEBEZIUM_ROLE, OWN_GRANTS } from '@shelfcast/product-database/debezium-role';
import { note, orOk, problem } from '@shelfcast/service-kit/finding';
import { checkIdentity, isAnother } from './check-identity.ts';
import { checkPartitions } from './check-partitions.ts';
import { type CaptureFacts, isBrokenOwn } from './read-source.ts';
import type { TableFacts } from './read-tables.ts';
import { resyncTable, sqlOnProducts } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/** Each captured table, as the database has it. */
export function checkTables(capture: CaptureFacts): SourceFinding[] {
  const tables = capture.tables.filter(({ exists, kind }) => exists && kind === 'r');
  // What makes another table of the same name a captured one again does the rest as well.
  const known = tables.filter((table) => !isAnother(table));
  return [
    ...orOk(
      'captured-tables',
      checkIdentity(capture.tables),
      `Captured: ${tables.map(({ name }) => name).join(', ') || 'no table'}`,
    ),
    ...checkPartitions(capture.tables),
    ...orOk(
      'replica-identity',
      known.filter(({ replicaIdentityFull }) => !replicaIdentityFull).map(notFull),
      'Every captured table has REPLICA IDENTITY FULL',
    ),
    ...orOk(
      'generated-columns',
      known.flatMap((table) => unpublishedColumns(table, capture)),
      'No generated column stands in the way of updates',
    ),
    ...orOk(
      'grant',
      [
        ...capture.missingGrants.filter((name) => !isBrokenOwn(capture, name)).map(ownNotGranted),
        ...known.filter(({ readable }) => !readable).map(notReadable),
      ],
      `Role ${DEBEZIUM_ROLE} may read every captured table`,
    ),
    ...tables.filter(({ rowSecurity }) => rowSecurity).map(rowsKeptBack),
    ...known
      .filter(({ waitsForSnapshot }) => waitsForSnapshot)
      .map((table) => notRead(table, capture.registering)),
  ];
}

function notFull({ name, sqlName }: TableFacts): SourceFinding {
  return problem(
    'replica-identity',
    `${name} does not have REPLICA IDENTITY FULL: deletes lack the routing column, updates the old values.`,
    sqlOnProducts(`alter table ${sqlName} replica identity full`),
    { subject: name },
  );
}

/**
 * Under FULL, PostgreSQL 18 refuses every UPDATE and DELETE of a table with a generated column that is not
 * published. Stored ones can be; virtual ones cannot (RelationBuildPublicationDesc in relcache.c).
 */
function unpublishedColumns(table: TableFacts, { publication }: CaptureFacts): SourceFinding[] {
  const published = publication?.tables.find(({ name }) => name === table.name);
  if (!published || !table.replicaIdentityFull) return [];
  const hidden = table.generatedColumns.filter(({ name }) => !published.columns.includes(name));
  return hidden.map(({ name, sqlName, kind }) =>
    problem(
      'generated-columns',
      `${kind === 'stored' ? 'Stored' : 'Virtual'} generated column ${table.name}.${name} is not published: PostgreSQL refuses every UPDATE and DELETE of the table.`,
      kind === 'stored'
        ? resyncTable(table.name)
        : sqlOnProducts(`alter table ${table.sqlName} drop column ${sqlName}`).concat(
            '   # then add it again as stored: virtual ones cannot be published',
          ),
      { subject: table.name, ...(kind === 'stored' ? { readAgain: 'table' } : {}) },
    ),
  );
}

function ownNotGranted(name: string): SourceFinding {
  const privileges = OWN_GRANTS.find(({ table }) => table === name)?.privileges.join(', ');
  return problem(
    'grant',
    `Role ${DEBEZIUM_ROLE} lacks a privilege on ${name}: ${name === 'shelfcast.signal' ? 'snapshots neither begin nor end' : 'no heartbeat is written'}.`,
    sqlOnProducts(
      `grant usage on schema shelfcast to ${DEBEZIUM_ROLE}; grant ${privileges} on ${name} to ${DEBEZIUM_ROLE}`,
    ),
    { subject: name },
  );
}

function notReadable({ name, sqlName, sqlSchema }: TableFacts): SourceFinding {
  return problem(
    'grant',
    `Role ${DEBEZIUM_ROLE} may not read ${name}: snapshots fail.`,
    sqlOnProducts(
      `grant usage on schema ${sqlSchema} to ${DEBEZIUM_ROLE}; grant select on ${sqlName} to ${DEBEZIUM_ROLE}`,
    ),
    { subject: name },
  );
}

/**
 * The stream has all changes all the same. Not even a policy that lets the role see every row will do: readers of the
 * source ask Postgres for an error where any policy applies.
 */
function rowsKeptBack({ name }: TableFacts): SourceFinding {
  return problem(
    'row-security',
    `${name} has row-level security, which applies to role ${DEBEZIUM_ROLE}: a snapshot cannot read all of it.`,
    sqlOnProducts(`alter role ${DEBEZIUM_ROLE} bypassrls`),
    { subject: name },
  );
}

function notRead({ name }: TableFacts, registering: boolean): SourceFinding {
  if (registering) return note('first-snapshot', `${name} is about to be read for the first time.`);
  return problem(
    'first-snapshot',
    `${name} still waits for its first snapshot: rows from before it was captured are missing.`,
    'make connector-register',
    { subject: name },
  );
}
