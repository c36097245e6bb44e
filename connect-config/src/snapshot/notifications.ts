import type { Codec } from '@shelfcast/schemas/codec';
import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';

/** What Debezium says of a snapshot (its notifications, 3.7). */
const notificationSchema = z.object({
  /** Of the signal that asked for it. */
  id: z.string(),
  type: z.string(),
  aggregate_type: z.string(),
  additional_data: z
    .record(z.string(), z.string())
    .nullable()
    .transform((data) => data ?? {}),
});

export type Notification = z.output<typeof notificationSchema>;

/** The topic of the notifications. */
export function notificationTopic(topicPrefix: string): string {
  return `__debezium-notifications.${topicPrefix}`;
}

export interface NotificationReader {
  /** Notifications since the last call. */
  read(): Promise<Notification[]>;
}

export interface NotificationSource {
  readonly reader: LogReader;
  readonly admin: Pick<KafkaAdmin, 'highWatermarks'>;
  readonly codec: Codec;
  readonly topic: string;
  /** Offsets by partition; default: those that come from now on. */
  readonly from?: ReadonlyMap<number, bigint>;
}

/** Reads the notifications of a connector. */
export async function openNotifications({
  reader,
  admin,
  codec,
  topic,
  from,
}: NotificationSource): Promise<NotificationReader> {
  const next = new Map(from ?? (await admin.highWatermarks(topic)));
  return {
    async read() {
      const notifications: Notification[] = [];
      for (const { partition, records, nextOffset } of await reader.read({ topic, from: next })) {
        for (const { value } of records) {
          if (value === null) continue;
          notifications.push(notificationSchema.parse((await codec.decode(value)).value));
        }
        next.set(partition, nextOffset);
      }
      return notifications;
    },
  };
}
