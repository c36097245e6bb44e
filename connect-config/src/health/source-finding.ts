import type { Finding } from '@shelfcast/service-kit/finding';

/** What is checked of the source, from the captured tables to the records that arrive in Kafka, by who is asked. */
export const SOURCE_CHECKS = {
  database: [
    'postgres',
    'wal-level',
    'wal-budget',
    'slots',
    'wal-senders',
    'role',
    'clock',
    'migration',
    'slot',
    'slot-wal',
    'slot-waits',
    'offset',
    'own-tables',
    'publication',
    'operations',
    'row-filter',
    'column-list',
    'published',
    'captured-tables',
    'taken-out',
    'table-identity',
    'key',
    'column',
    'routing-column',
    'persistence',
    'inheritance',
    'partition',
    'row-security',
    'replica-identity',
    'generated-columns',
    'grant',
    'first-snapshot',
  ],
  broker: ['kafka', 'topic', 'awaited-topic', 'heartbeat'],
  connect: ['connect', 'connector', 'include-list', 'connector-config'],
} as const;

export type SourcePart = keyof typeof SOURCE_CHECKS;
export type SourceCheck = (typeof SOURCE_CHECKS)[SourcePart][number];

/** A finding of the one list that doctor, connector-status and the monitor's alerts share. */
export type SourceFinding = Finding<SourceCheck>;
