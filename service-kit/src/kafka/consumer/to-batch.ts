import type { Batch, IHeaders, KafkaMessage } from 'kafkajs';
import type { KafkaRecord, RecordHeaders } from '../types.ts';
import type { FetchedRecords } from './partition-queue.ts';

/** A fetched batch of kafkajs in our words. */
export function toFetchedRecords(batch: Batch): FetchedRecords {
  const { topic, partition } = batch;
  return {
    records: batch.messages.map((message) => toRecord(topic, partition, message)),
    nextOffset: BigInt(batch.lastOffset()) + 1n,
    highWatermark: BigInt(batch.highWatermark),
  };
}

function toRecord(topic: string, partition: number, message: KafkaMessage): KafkaRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key,
    value: message.value,
    headers: message.headers === undefined ? {} : toHeaders(message.headers),
    timestampMs: Number(message.timestamp),
  };
}

function toHeaders(headers: IHeaders): RecordHeaders {
  const result: Record<string, readonly Buffer[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    const values = Array.isArray(value) ? value : [value];
    result[name] = values.flatMap((one) => {
      if (one === undefined || one === null) return [];
      return [typeof one === 'string' ? Buffer.from(one) : one];
    });
  }
  return result;
}
