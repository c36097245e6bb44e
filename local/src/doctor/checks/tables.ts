import { type Finding, orOk, problem } from '@shelfcast/connect-config/health/finding';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import type { CaptureFacts } from '../facts/postgres.ts';
import { PUBLICATION } from '../facts/publication.ts';
import type { TableFacts } from '../facts/tables.ts';
import { sqlOnProducts } from '../words.ts';

/** Each captured table, as the database has it. */
export function checkTables(capture: CaptureFacts): Finding[] {
  const tables = capture.tables.filter(({ exists }) => exists);
  return [
    ...orOk(
      'captured-tables',
      capture.tables.filter(({ exists }) => !exists).map(missingTable),
      `Captured: ${tables.map(({ name }) => name).join(', ') || 'no table'}`,
    ),
    ...orOk(
      'replica-identity',
      tables.filter(({ replicaIdentityFull }) => !replicaIdentityFull).map(notFull),
      'Every captured table has REPLICA IDENTITY FULL',
    ),
    ...orOk(
      'generated-columns',
      tables.flatMap((table) => unpublishedColumns(table, capture)),
      'No generated column stands in the way of updates',
    ),
    ...orOk(
      'grant',
      tables.filter(({ readable }) => !readable).map(notReadable),
      `Role ${DEBEZIUM_ROLE} may read every captured table`,
    ),
    ...tables.filter(({ waitsForSnapshot }) => waitsForSnapshot).map(notSnapshot),
  ];
}

function missingTable({ name }: TableFacts): Finding {
  return problem(
    'captured-tables',
    `${name} is captured but does not exist: it was dropped or renamed.`,
    `${sqlOnProducts(`delete from shelfcast.captured_tables where table_schema || '.' || table_name = '${name}'`)} && make connector-register`,
  );
}

function notFull({ name, sqlName }: TableFacts): Finding {
  return problem(
    'replica-identity',
    `${name} does not have REPLICA IDENTITY FULL: deletes lack the routing column, updates the old values.`,
    sqlOnProducts(`alter table ${sqlName} replica identity full`),
  );
}

/**
 * Under FULL, PostgreSQL 18 refuses every UPDATE and DELETE of a table with a generated column that is not
 * published. Stored ones can be; virtual ones cannot (RelationBuildPublicationDesc in relcache.c).
 */
function unpublishedColumns(table: TableFacts, { publication }: CaptureFacts): Finding[] {
  const published = publication?.tables.find(({ name }) => name === table.name);
  if (!published || !table.replicaIdentityFull) return [];
  const hidden = table.generatedColumns.filter(({ name }) => !published.columns.includes(name));
  return hidden.map(({ name, sqlName, kind }) =>
    problem(
      'generated-columns',
      `${kind === 'stored' ? 'Stored' : 'Virtual'} generated column ${table.name}.${name} is not published: PostgreSQL refuses every UPDATE and DELETE of the table.`,
      kind === 'stored'
        ? sqlOnProducts(`alter publication ${PUBLICATION} set (publish_generated_columns = stored)`)
        : sqlOnProducts(`alter table ${table.sqlName} drop column ${sqlName}`).concat(
            '   # then add it again as stored: virtual ones cannot be published',
          ),
    ),
  );
}

function notReadable({ name, sqlName, sqlSchema }: TableFacts): Finding {
  return problem(
    'grant',
    `Role ${DEBEZIUM_ROLE} may not read ${name}: snapshots fail.`,
    sqlOnProducts(
      `grant usage on schema ${sqlSchema} to ${DEBEZIUM_ROLE}; grant select on ${sqlName} to ${DEBEZIUM_ROLE}`,
    ),
  );
}

function notSnapshot({ name }: TableFacts): Finding {
  return problem(
    'first-snapshot',
    `${name} still waits for its first snapshot: rows from before it was captured are missing.`,
    'make connector-register',
  );
}
