import type { HandlingError, OffsetReset } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Counter } from 'prom-client';
import { RecordsGone } from '../contract/errors.ts';
import { failureReport, type Reporter } from './reports.ts';

export interface FailureReportsOptions {
  readonly reporter: Reporter;
  readonly publisher: MonitoringPublisher;
  readonly metrics: {
    readonly failures: Counter<'consumer'>;
    readonly offsetResets: Counter<'consumer'>;
  };
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** Reports, counts and logs what went wrong with a batch as a whole. */
export interface FailureReports {
  onError(failure: HandlingError): void;
  onOffsetReset(reset: OffsetReset): void;
}

export function createFailureReports(options: FailureReportsOptions): FailureReports {
  const { reporter, publisher, metrics, nowMs, log } = options;
  const consumer = reporter.service;

  function report(failure: Parameters<typeof failureReport>[1]): void {
    publisher
      .report([failureReport(reporter, failure, nowMs())])
      .catch((error: unknown) => log.warn({ error }, 'a failure could not be reported'));
  }

  return {
    onError(failure) {
      const { offset, ...rest } = failure;
      metrics.failures.inc({ consumer });
      log.error(
        { ...rest, offset: offset.toString() },
        'batch failed: its partition waits and tries again',
      );
      report(failure);
    },
    onOffsetReset({ topic, partition, from, to }) {
      metrics.offsetResets.inc({ consumer });
      const error = new RecordsGone(
        `records ${from ?? 'from the beginning'} to ${to ?? 'the present'} of ${topic}[${partition}] were gone before they were read; make connector-snapshot reads the table again`,
      );
      log.error({ topic, partition, from: String(from), to: String(to) }, error.message);
      report({ topic, partition, offset: from ?? 0n, attempt: 1, error });
    },
  };
}
