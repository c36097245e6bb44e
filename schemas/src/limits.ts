/**
 * Largest Kafka record, in bytes, that any part of the pipeline has to carry (setting MAX_RECORD_BYTES).
 *
 * The one number is carried to the brokers' message.max.bytes and replica.fetch.max.bytes, the topics'
 * max.message.bytes, Connect's max.request.size and every reader. A CDC update holds the row twice
 * (before and after), so a row may be a little under half of it.
 */
export const DEFAULT_MAX_RECORD_BYTES = 16 * 1024 * 1024;
