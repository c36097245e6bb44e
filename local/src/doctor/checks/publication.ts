import { type Finding, note, ok, orOk, problem } from '@shelfcast/connect-config/health/finding';
import type { CaptureFacts } from '../facts/postgres.ts';
import { PUBLICATION, type PublicationFacts } from '../facts/publication.ts';
import { few, sqlOnProducts } from '../words.ts';

/** Our own tables that have to be in the stream: the one moves the slot on, the other starts snapshots. */
const BOOKKEEPING = ['shelfcast.heartbeat', 'shelfcast.signal'];
const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/** The publication: what of the database is in the stream at all. */
export function checkPublication(capture: CaptureFacts): Finding[] {
  const { publication } = capture;
  if (!publication) return [missingPublication(capture)];
  const names = publication.tables.map(({ name }) => name);
  const unpublished = BOOKKEEPING.filter((name) => !names.includes(name)).map(unpublishedOwn);
  return [
    ...orOk('publication', unpublished, `Publication ${PUBLICATION} has ${names.length} tables`),
    checkOperations(publication),
    ...publication.tables.filter(({ filtered }) => filtered).map(filteredTable),
    ...publishedForNobody(capture, names),
  ];
}

/** A captured table that is not published is lost to everybody, and nothing says so. */
export function checkPublished({ publication, tables }: CaptureFacts): Finding[] {
  if (!publication) return [];
  const names = publication.tables.map(({ name }) => name);
  const missing = tables
    .filter(({ exists, name }) => exists && !names.includes(name))
    .map(({ name }) =>
      problem(
        'published',
        `${name} is captured but not in the publication: its changes are lost.`,
        `make connector-add-table TABLE=${name} && make connector-snapshot TABLE=${name}`,
      ),
    );
  return orOk('published', missing, 'Every captured table is published');
}

function missingPublication({ tables }: CaptureFacts): Finding {
  const members = [
    ...tables.filter(({ exists }) => exists).map(({ sqlName }) => sqlName),
    ...BOOKKEEPING,
  ];
  const create = `create publication ${PUBLICATION} for table ${members.join(', ')} with (publish = '${OPERATIONS.join(', ')}', publish_generated_columns = stored)`;
  return problem(
    'publication',
    `There is no publication ${PUBLICATION}: no change is in the stream.`,
    `${sqlOnProducts(create)} && YES=1 FORCE=1 make resync`,
  );
}

function unpublishedOwn(name: string): Finding {
  const effect =
    name === 'shelfcast.signal' ? 'snapshots never begin' : 'in an idle database WAL grows';
  return problem(
    'publication',
    `${name} is not in the publication: ${effect}.`,
    sqlOnProducts(`alter publication ${PUBLICATION} add table ${name}`),
  );
}

function checkOperations(publication: PublicationFacts): Finding {
  const missing = OPERATIONS.filter((operation) => !publication[operation]);
  if (missing.length === 0) return ok('operations', `It publishes ${OPERATIONS.join(', ')}`);
  return problem(
    'operations',
    `The publication leaves out ${missing.join(', ')}: consumers never hear of it.`,
    sqlOnProducts(`alter publication ${PUBLICATION} set (publish = '${OPERATIONS.join(', ')}')`),
  );
}

function filteredTable({ name, sqlName }: PublicationFacts['tables'][number]): Finding {
  return problem(
    'row-filter',
    `The publication has only some rows of ${name}: changes of the others are lost.`,
    sqlOnProducts(
      `alter publication ${PUBLICATION} drop table ${sqlName}; alter publication ${PUBLICATION} add table ${sqlName}`,
    ),
  );
}

function publishedForNobody({ tables }: CaptureFacts, names: readonly string[]): Finding[] {
  const wanted = new Set([...BOOKKEEPING, ...tables.map(({ name }) => name)]);
  const idle = names.filter((name) => !wanted.has(name));
  if (idle.length === 0) return [];
  return [
    note(
      'published',
      `Published but not captured: ${few(idle)}.`,
      `make connector-add-table TABLE=${idle[0]}`,
    ),
  ];
}
