import type { LiveEvent } from '@shelfcast/schemas/monitor/live';

/** The largest captured record of the last ten minutes. */
export interface RecordSizes {
  add(events: readonly Pick<LiveEvent, 'topic' | 'details'>[]): void;
  largest(): { readonly topic: string; readonly bytes: number } | undefined;
}

const MINUTES = 10;

export function createRecordSizes(nowMs: () => number): RecordSizes {
  const largestOf = new Map<number, { topic: string; bytes: number }>();
  const thisMinute = (): number => Math.floor(nowMs() / 60_000);
  return {
    add(events) {
      const minute = thisMinute();
      for (const { topic, details } of events) {
        const bytes = details.recordBytes;
        if (bytes === undefined || bytes <= (largestOf.get(minute)?.bytes ?? 0)) continue;
        largestOf.set(minute, { topic, bytes });
      }
    },
    largest() {
      const oldest = thisMinute() - MINUTES;
      for (const minute of largestOf.keys()) if (minute < oldest) largestOf.delete(minute);
      return [...largestOf.values()].sort((a, b) => b.bytes - a.bytes)[0];
    },
  };
}
