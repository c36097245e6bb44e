import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { isPoisonRecord } from '@shelfcast/schemas/record-change';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

export interface DecodedReports<Report> {
  readonly reports: readonly Report[];
  /** Records that hold no report, from any writer. */
  readonly unreadable: readonly { readonly record: KafkaRecord; readonly error: unknown }[];
}

const NOTHING = Buffer.alloc(0);

/**
 * The reports in records of the monitoring topic, each as `use` makes it.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function decodeReports<Report>(
  codec: Codec,
  records: readonly KafkaRecord[],
  use: (event: MonitoringEvent, record: KafkaRecord) => Report,
): Promise<DecodedReports<Report>> {
  const reports: Report[] = [];
  const unreadable: { record: KafkaRecord; error: unknown }[] = [];
  for (const record of records) {
    try {
      const bytes = record.value ?? NOTHING;
      const { value } =
        codec.decodeCached(bytes, MONITORING_EVENT) ??
        (await codec.decode(bytes, MONITORING_EVENT));
      reports.push(use(value, record));
    } catch (error) {
      if (!isPoisonRecord(error)) throw error;
      unreadable.push({ record, error });
    }
  }
  return { reports, unreadable };
}
