import { RESYNC, sqlOnProducts } from './health/remedies.ts';
import { tableArgument, tableOfIdentifier } from './table-name.ts';

/** Why a connector or task failed, for a person. */
export interface FailureExplanation {
  /** The first cause in the trace, in Kafka Connect's and Debezium's own words. */
  readonly cause: string;
  /** The same in a sentence, where it is a known one. */
  readonly meaning?: string;
  /** The command to run; what stands behind `#` is said, not run. */
  readonly remedy?: string;
  /** Whether changes are missing from the stream, or have to be left out: only a resync mends it. */
  readonly needsResync: boolean;
}

interface KnownFailure {
  readonly pattern: RegExp;
  readonly meaning: string;
  /** `$1` stands for what the pattern found first. */
  readonly remedy: string;
  readonly needsResync?: true;
}

/** The first that matches counts, so what is special stands before what is general. */
const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    pattern: /no longer available on the server|cannot seek to the last known offset/i,
    meaning:
      'The replication slot is gone or was recreated, so changes between the last stored offset and now may be missing. The connector stops rather than skip them.',
    remedy: RESYNC,
    needsResync: true,
  },
  {
    pattern:
      /can no longer (get changes from|access) replication slot|slot .* has been invalidated/i,
    meaning:
      'Postgres invalidated the replication slot, usually because the WAL it kept grew beyond max_slot_wal_keep_size.',
    remedy: `${RESYNC}; then raise max_slot_wal_keep_size`,
    needsResync: true,
  },
  {
    pattern: /replication slot .* is active/i,
    meaning: 'Another process is streaming from the replication slot.',
    remedy:
      'make connector-restart   # if it stays: select * from pg_stat_replication shows who streams',
  },
  {
    pattern: /replication slot .* does not exist/i,
    meaning: 'The replication slot is missing.',
    remedy: RESYNC,
    needsResync: true,
  },
  {
    pattern:
      /all replication slots are in use|all max_wal_senders|number of requested standby connections exceeds/i,
    meaning: 'Postgres has no free replication slot or WAL sender.',
    remedy:
      'make connector-restart   # after unused slots were dropped, or max_replication_slots and max_wal_senders raised',
  },
  {
    pattern: /wal_level|logical decoding requires/i,
    meaning: 'Postgres does not write what logical decoding needs.',
    remedy:
      'make stop && make start   # elsewhere: wal_level = logical, a restart of Postgres, make connector-restart',
  },
  {
    pattern: /publication.*(does not exist|autocreation is disabled|not found)/i,
    meaning: 'The publication that names the captured tables is missing.',
    remedy: RESYNC,
    needsResync: true,
  },
  {
    pattern: /output plugin \S+, in the \w+ callback/i,
    meaning:
      'Postgres cannot decode a change: a row filter of the publication throws. The change and the filter of that time stay in the WAL, whatever the publication is now.',
    remedy: RESYNC,
    needsResync: true,
  },
  {
    pattern: /too many connections for role/i,
    meaning: 'The debezium role may not open as many sessions as the connector needs.',
    remedy: `${sqlOnProducts('alter role debezium connection limit -1')} && make connector-restart`,
  },
  {
    pattern: /permission denied for database/i,
    meaning: 'The debezium role may not connect to the products database.',
    remedy: 'make start   # the migration repeats every grant, and what failed is restarted',
  },
  {
    pattern: /is not permitted to log in/i,
    meaning: 'The debezium role may not log in.',
    remedy: `${sqlOnProducts('alter role debezium login')} && make connector-restart`,
  },
  {
    pattern: /password authentication failed|no password was provided/i,
    meaning: 'Postgres does not accept the connector’s user or password.',
    remedy: 'make start   # with one CDC_DATABASE_PASSWORD for Kafka Connect and the migration',
  },
  {
    pattern: /permission denied for (table|schema|relation|sequence) ?(\S*)/i,
    meaning: 'The debezium role may not read a captured table.',
    remedy: 'make start   # the migration repeats every grant, and what failed is restarted',
  },
  {
    pattern:
      /must be superuser or replication role|permission denied to (use|start) (replication|WAL)/i,
    meaning: 'The debezium role may not replicate.',
    remedy: `${sqlOnProducts('alter role debezium replication')} && make connector-restart`,
  },
  {
    pattern: /database ".*" does not exist/i,
    meaning: 'The products database does not exist.',
    remedy: 'make start   # creates and migrates it',
  },
  {
    pattern: /Failed to properly convert data value for '"?([^'"]+)\.[^.']+'/i,
    meaning:
      'A row holds a value that Debezium cannot carry. The change stays in the WAL, so a restart meets it again.',
    remedy:
      'make connector-remove-table TABLE=$1   # the others flow; add it again when the row is corrected',
  },
  {
    pattern: /RecordTooLargeException|larger than the maximum request size|message\.max\.bytes/i,
    meaning:
      'A change is larger than the largest record the pipeline carries; an update holds the row twice.',
    remedy: 'make start   # after raising MAX_RECORD_BYTES in .env; nothing is lost meanwhile',
  },
  {
    pattern: /UnknownTopicOrPartition|not present in metadata/i,
    meaning: 'A topic the connector writes to does not exist.',
    remedy: 'make connector-register   # creates every declared topic',
  },
  {
    pattern: /Table '"?(.+?)"?' has columns that differ only by case/i,
    meaning: 'Columns of a table differ by case alone, which Debezium does not take.',
    remedy:
      'make connector-remove-table TABLE=$1   # the others flow; add it again when one is renamed',
  },
  {
    pattern: /field name duplication/i,
    meaning:
      'Two columns of a table are one field in Avro, so that none of its changes can be carried.',
    remedy: 'make connector-remove-table TABLE=…   # the table that has both; the others flow',
  },
  {
    pattern: /Snapshotting of table (\S+) failed/,
    meaning: 'A table cannot be read. Nothing of the others is read or carried meanwhile.',
    remedy:
      'make connector-remove-table TABLE=$1   # the others flow; add it again when what Postgres says is mended',
  },
  {
    pattern: /A change of table '([^']+)' cannot be carried/,
    meaning: 'A change of a table cannot be carried.',
    remedy: 'make connector-remove-table TABLE=$1   # the others flow',
  },
  {
    pattern: /Records of topic [^.\s]+\.(\S+) cannot be carried/,
    meaning: 'A change of a table cannot be written to its topic.',
    remedy: 'make connector-remove-table TABLE=$1   # the others flow',
  },
  {
    pattern: /io\.apicurio|RestClientException|registry/i,
    meaning: 'The schema registry did not answer, or did not accept a schema.',
    remedy: 'make connector-restart   # once make logs SERVICE=registry shows that it serves',
  },
  {
    pattern: /Could not resolve (config|variable)|\$\{env:/i,
    meaning:
      'Kafka Connect’s environment lacks a CDC_ variable that the connector’s configuration names.',
    remedy: 'make start   # starts Kafka Connect with them',
  },
  {
    pattern:
      /(Connection to .* refused|UnknownHostException|connection attempt failed|ConnectException: Connection refused)/i,
    meaning: 'Postgres cannot be reached from Kafka Connect.',
    remedy: 'make connector-restart   # once make status shows Postgres',
  },
  {
    pattern: /Failed to load class|ClassNotFoundException|Class .* could not be found/i,
    meaning: 'Kafka Connect lacks a plugin the connector needs.',
    remedy:
      'rm -rf .shelfcast/vendor/connect-plugins && make stop && make start   # installs them again',
  },
];

/** Explains a task's or connector's `trace`: a Java stack trace whose innermost cause comes last. */
export function explainFailure(trace: string): FailureExplanation {
  const messages = causesOf(trace);
  const cause = messages.at(-1) ?? 'no reason given';
  // A wrapper sometimes says more than what it wraps: look from the inside out.
  for (const message of [...messages].reverse()) {
    for (const { pattern, meaning, remedy, needsResync = false } of KNOWN_FAILURES) {
      const match = pattern.exec(message);
      if (match === null) continue;
      return {
        cause,
        meaning,
        remedy: remedy.replace('TABLE=$1', () => tableArgument(tableOfIdentifier(match[1] ?? ''))),
        needsResync,
      };
    }
  }
  return { cause, needsResync: false };
}

/** Debezium likes to quote its whole offset. */
const CAUSE_LENGTH = 300;

/** The explanation as one short text. */
export function formatFailure({ cause, meaning, remedy }: FailureExplanation): string {
  const short = cause.length > CAUSE_LENGTH ? `${cause.slice(0, CAUSE_LENGTH)} …` : cause;
  return [meaning, `Cause: ${short}`, remedy === undefined ? undefined : `To mend it: ${remedy}`]
    .filter((part) => part !== undefined)
    .join('\n  ');
}

/** The messages of a stack trace, outermost first: what is neither a frame nor the count of the left-out ones. */
export function causesOf(trace: string): string[] {
  return trace
    .split(/^Caused by: /m)
    .map((part) =>
      part
        .split('\n')
        .filter((line) => !/^\s+(at |\.\.\. \d+ (more|common))/.test(line))
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .join(' '),
    )
    .filter((message) => message !== '');
}
