/**
 * Numbers of Postgres' advisory locks, each for one purpose, so that two never meet in one database. None changes: during
 * an upgrade an old process and a new one must exclude each other.
 */
export const ADVISORY_LOCKS = {
  /** A process brings its schema up to date. */
  migrations: 7_357_201,
  /** The one process that sends what waits in the outbox. */
  outboxRelay: 7_357_202,
  /** First half of the lock of a consumer's rebuild. */
  rebuild: 7_357_203,
  /** A command brings the connector up to date. */
  connectorRegistration: 7_357_204,
  /** The monitor makes and drops partitions of reports. */
  reportPartitions: 7_357_301,
  /** The monitor rolls numbers up. */
  rollUp: 7_357_302,
} as const;
