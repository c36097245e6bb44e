import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { isRecordsFault } from '@shelfcast/schemas/record-change';
import type { FetchedPartition } from '@shelfcast/service-kit/kafka/types';
import { toLiveEvent } from './live-event.ts';
import type { Entry } from './recent.ts';

/**
 * The reports in what was fetched; what is no report is left out, whoever wrote it.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function decodeReports(
  codec: Codec,
  fetched: readonly FetchedPartition[],
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const { partition, records } of fetched) {
    for (const { offset, value } of records) {
      if (value === null) continue;
      try {
        const report =
          codec.decodeCached(value, MONITORING_EVENT) ??
          (await codec.decode(value, MONITORING_EVENT));
        entries.push({ partition, offset, event: toLiveEvent(report.value) });
      } catch (error) {
        if (!isRecordsFault(error)) throw error;
      }
    }
  }
  return entries;
}
