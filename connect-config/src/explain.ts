/** Why a connector or task failed, for a person. */
export interface FailureExplanation {
  /** The first cause in the trace, in Kafka Connect's and Debezium's own words. */
  readonly cause: string;
  /** The same in a sentence, where it is a known one. */
  readonly meaning?: string;
  /** What to run or change. */
  readonly remedy?: string;
  /** Whether changes are missing from the stream, or have to be left out: only a resync mends it. */
  readonly needsResync: boolean;
}

interface KnownFailure {
  readonly pattern: RegExp;
  readonly meaning: string;
  readonly remedy: string;
  readonly needsResync?: true;
}

/** What mends a stream that lacks changes. */
export const RESYNC =
  'make resync reads every table again under a new epoch and removes what is gone.';

/** The first that matches counts, so what is special stands before what is general. */
const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    pattern: /no longer available on the server|cannot seek to the last known offset/i,
    meaning:
      'The replication slot is gone or was made anew, so changes between the last stored offset and now may be missing. The connector stops rather than skip them.',
    remedy: RESYNC,
    needsResync: true,
  },
  {
    pattern:
      /can no longer (get changes from|access) replication slot|slot .* has been invalidated/i,
    meaning:
      'Postgres invalidated the replication slot, usually because the WAL it kept grew beyond max_slot_wal_keep_size.',
    remedy: `${RESYNC} Then raise max_slot_wal_keep_size.`,
    needsResync: true,
  },
  {
    pattern: /replication slot .* is active/i,
    meaning: 'Another process is streaming from the replication slot.',
    remedy:
      'Find it with select * from pg_stat_replication and end it; then make connector-restart.',
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
      'Drop unused slots or raise max_replication_slots and max_wal_senders, then make connector-restart.',
  },
  {
    pattern: /wal_level|logical decoding requires/i,
    meaning: 'Postgres does not write what logical decoding needs.',
    remedy: 'Set wal_level = logical, restart Postgres, then make connector-restart.',
  },
  {
    pattern: /publication.*(does not exist|autocreation is disabled|not found)/i,
    meaning: 'The publication that names the captured tables is missing.',
    remedy: 'The products database is not migrated: make start migrates it.',
  },
  {
    pattern: /password authentication failed|no password was provided/i,
    meaning: 'Postgres does not accept the connector’s user or password.',
    remedy: 'Give Kafka Connect and the migration the same CDC_DATABASE_PASSWORD, then make start.',
  },
  {
    pattern: /permission denied for (table|schema|relation|sequence) ?(\S*)/i,
    meaning: 'The debezium role may not read a captured table.',
    remedy: 'The migration repeats every grant: make start, then make connector-restart.',
  },
  {
    pattern:
      /must be superuser or replication role|permission denied to (use|start) (replication|WAL)/i,
    meaning: 'The debezium role may not replicate.',
    remedy: 'alter role debezium replication, then make connector-restart.',
  },
  {
    pattern: /database ".*" does not exist/i,
    meaning: 'The products database does not exist.',
    remedy: 'make start creates and migrates it.',
  },
  {
    pattern: /Failed to properly convert data value for/i,
    meaning:
      'A row holds a value that Debezium cannot carry, such as NaN in a numeric column. The change stays in the WAL, so a restart meets it again.',
    remedy: `Correct the row in Postgres, then ${RESYNC}`,
    needsResync: true,
  },
  {
    pattern: /RecordTooLargeException|larger than the maximum request size|message\.max\.bytes/i,
    meaning:
      'A change is larger than the largest record the pipeline carries; an update holds the row twice.',
    remedy:
      'Raise MAX_RECORD_BYTES and make start, which carries it everywhere; nothing is lost meanwhile.',
  },
  {
    pattern: /UnknownTopicOrPartition|not present in metadata/i,
    meaning: 'A topic the connector writes to does not exist.',
    remedy: 'make connector-register creates every declared topic.',
  },
  {
    pattern: /io\.apicurio|RestClientException|registry/i,
    meaning: 'The schema registry did not answer, or did not accept a schema.',
    remedy: 'Look at make status and make logs for the registry, then make connector-restart.',
  },
  {
    pattern: /Could not resolve (config|variable)|\$\{env:/i,
    meaning:
      'Kafka Connect’s environment lacks a CDC_ variable that the connector’s configuration names.',
    remedy: 'Start Kafka Connect with the CDC_ variables set: make start does.',
  },
  {
    pattern:
      /(Connection to .* refused|UnknownHostException|connection attempt failed|ConnectException: Connection refused)/i,
    meaning: 'Postgres cannot be reached from Kafka Connect.',
    remedy: 'Look at make status, then make connector-restart.',
  },
  {
    pattern: /Failed to load class|ClassNotFoundException|Class .* could not be found/i,
    meaning: 'Kafka Connect lacks a plugin the connector needs.',
    remedy: 'make reset and make start install the plugins again.',
  },
];

/** Explains a task's or connector's `trace`: a Java stack trace whose innermost cause comes last. */
export function explainFailure(trace: string): FailureExplanation {
  const messages = causes(trace);
  const cause = messages.at(-1) ?? 'no reason given';
  // A wrapper sometimes says more than what it wraps: look from the inside out.
  for (const message of [...messages].reverse()) {
    const known = KNOWN_FAILURES.find(({ pattern }) => pattern.test(message));
    if (known !== undefined) {
      const { meaning, remedy, needsResync = false } = known;
      return { cause, meaning, remedy, needsResync };
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
function causes(trace: string): string[] {
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
