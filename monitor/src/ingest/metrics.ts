import { Counter, type Registry } from 'prom-client';

export interface IngestMetrics {
  readonly reports: Counter<'service' | 'stage'>;
  readonly repeated: Counter;
  readonly refused: Counter<'reason'>;
  readonly outages: Counter;
  readonly offsetResets: Counter;
}

export function createIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry];
  return {
    reports: new Counter({
      name: 'shelfcast_monitor_reports_total',
      help: 'Reports stored, by who made the step and which step it was',
      labelNames: ['service', 'stage'] as const,
      registers,
    }),
    repeated: new Counter({
      name: 'shelfcast_monitor_reports_repeated_total',
      help: 'Reports that came again and changed nothing',
      registers,
    }),
    refused: new Counter({
      name: 'shelfcast_monitor_reports_refused_total',
      help: 'Records of the monitoring topic that could not be stored: unreadable or unstorable',
      labelNames: ['reason'] as const,
      registers,
    }),
    outages: new Counter({
      name: 'shelfcast_monitor_database_outages_total',
      help: 'Attempts to store reports that failed because the database was away',
      registers,
    }),
    offsetResets: new Counter({
      name: 'shelfcast_monitor_offset_resets_total',
      help: 'Times that reports were gone from Kafka before they were read',
      registers,
    }),
  };
}
