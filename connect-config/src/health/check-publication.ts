import { PUBLICATION, PUBLISHED_OWN } from '@shelfcast/product-database/publication';
import { note, ok, orOk, problem } from '@shelfcast/service-kit/finding';
import { isAnother } from './check-identity.ts';
import type { PublicationFacts } from './read-publication.ts';
import { type CaptureFacts, isBrokenOwn } from './read-source.ts';
import type { TableFacts } from './read-tables.ts';
import { few, RESYNC, resyncTable, sqlOnProducts } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/** The publication: what of the database is in the stream at all. */
export function checkPublication(capture: CaptureFacts): SourceFinding[] {
  const { publication } = capture;
  if (!publication) return [missingPublication()];
  const names = publication.tables.map(({ name }) => name);
  const unpublished = PUBLISHED_OWN.filter(
    (name) => !names.includes(name) && !isBrokenOwn(capture, name),
  ).map(unpublishedOwn);
  return [
    ...orOk(
      'publication',
      [...unpublished, ...replaced(capture.tables)],
      `Publication ${PUBLICATION} has ${names.length} tables`,
    ),
    checkOperations(publication),
    ...publishedInVain(capture, names),
  ];
}

/** Changes of a captured table that are not published, or not all of them, are lost, and nothing else says so. */
export function checkPublished({ publication, tables }: CaptureFacts): SourceFinding[] {
  if (!publication) return [];
  const present = tables.filter((table) => table.exists && table.kind === 'r' && !isAnother(table));
  return orOk(
    'published',
    present.flatMap((table) => checkMember(table, publication)),
    'Every captured table is published',
  );
}

function checkMember(table: TableFacts, publication: PublicationFacts): SourceFinding[] {
  const { name, remembered, current } = table;
  const about = { subject: name, readAgain: 'table' } as const;
  const published = publication.tables.find((one) => one.name === name);
  if (!published) {
    const summary = `${name} is captured but not in the publication: its changes are lost.`;
    return [problem('published', summary, resyncTable(name), about)];
  }
  if (published.filtered) {
    const summary = `The publication has only some rows of ${name}: changes of the others are lost.`;
    return [problem('row-filter', summary, resyncTable(name), about)];
  }
  const hidden = (current?.columns ?? [])
    .filter((column) => column.generated === '' && !published.columns.includes(column.name))
    .map((column) => column.name);
  if (hidden.length > 0) {
    const summary = `The publication leaves out columns of ${name}: ${few(hidden)}. PostgreSQL refuses every UPDATE and DELETE of the table.`;
    return [problem('column-list', summary, resyncTable(name), about)];
  }
  const [before, now] = [remembered?.publication, current?.publication];
  const isSamePublication = before != null && before.oid === now?.oid;
  if (isSamePublication && before.member !== null && before.member !== now.member) {
    const summary = `${name} was taken out of the publication and put back, or was published in part for a while: changes in between are lost.`;
    return [problem('published', summary, resyncTable(name), about)];
  }
  return [];
}

/** A resync creates it again. */
function missingPublication(): SourceFinding {
  return problem(
    'publication',
    `There is no publication ${PUBLICATION}: no change is in the stream.`,
    RESYNC,
    { readAgain: 'all' },
  );
}

function unpublishedOwn(name: string): SourceFinding {
  const effect =
    name === 'shelfcast.signal'
      ? 'snapshots never begin'
      : 'in an idle database WAL grows, and whether changes arrive is not known';
  return problem(
    'publication',
    `${name} is not in the publication: ${effect}.`,
    sqlOnProducts(`alter publication ${PUBLICATION} add table ${name}`),
    { subject: name },
  );
}

/** A publication of the same name, or with other options for a while: what it left out meanwhile is in no stream. */
function replaced(tables: readonly TableFacts[]): SourceFinding[] {
  const known = tables.filter((table) => table.exists && !isAnother(table));
  const recreated = known.filter(
    ({ remembered, current }) =>
      remembered?.publication != null && remembered.publication.oid !== current?.publication?.oid,
  );
  const altered = known.filter(
    ({ remembered, current }) =>
      remembered?.publication != null &&
      remembered.publication.oid === current?.publication?.oid &&
      remembered.publication.version !== current.publication.version,
  );
  return [
    ...told(recreated, 'was dropped and created again'),
    ...told(altered, 'was altered since they were captured'),
  ];

  function told(missed: readonly TableFacts[], how: string): SourceFinding[] {
    if (missed.length === 0) return [];
    const names = missed.map(({ name }) => name);
    const summary = `Publication ${PUBLICATION} ${how}: what it left out meanwhile of ${few(names)} is in no stream.`;
    const isAll = missed.length === known.length;
    const remedy = isAll ? RESYNC : [...new Set(names.map(resyncTable))].join(' && ');
    return [problem('publication', summary, remedy, { readAgain: isAll ? 'all' : 'table' })];
  }
}

function checkOperations(publication: PublicationFacts): SourceFinding {
  const missing = OPERATIONS.filter((operation) => !publication[operation]);
  if (missing.length === 0) return ok('operations', `It publishes ${OPERATIONS.join(', ')}`);
  return problem(
    'operations',
    `The publication leaves out ${missing.join(', ')}: consumers never hear of it.`,
    RESYNC,
    { readAgain: 'all' },
  );
}

function publishedInVain({ tables }: CaptureFacts, names: readonly string[]): SourceFinding[] {
  const wanted = new Set<string>([...PUBLISHED_OWN, ...tables.map(({ name }) => name)]);
  const idle = names.filter((name) => !wanted.has(name));
  if (idle.length === 0) return [];
  return [note('published', `Published but not captured: ${few(idle)}. Changes cost WAL in vain.`)];
}
