import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { isRecordsFault } from '@shelfcast/schemas/record-change';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import type { CountedReport } from '../numbers/count-reports.ts';
import { countingOf } from './kind.ts';
import { toRow } from './report-row.ts';

/**
 * The reports in records of the monitoring topic, and the records that hold none.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function decodeReports(
  codec: Codec,
  records: readonly KafkaRecord[],
): Promise<{ reports: CountedReport[]; unreadable: { record: KafkaRecord; error: unknown }[] }> {
  const reports: CountedReport[] = [];
  const unreadable: { record: KafkaRecord; error: unknown }[] = [];
  for (const record of records) {
    try {
      const bytes = record.value ?? Buffer.alloc(0);
      const { value } =
        codec.decodeCached(bytes, MONITORING_EVENT) ??
        (await codec.decode(bytes, MONITORING_EVENT));
      reports.push({ row: toRow(value), counting: countingOf(value) });
    } catch (error) {
      if (!isRecordsFault(error)) throw error;
      unreadable.push({ record, error });
    }
  }
  return { reports, unreadable };
}
