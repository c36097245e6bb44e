import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

/**
 * A fetch is answered with every partition that was asked for, and each goes through the same dozen promises, with
 * records or without: with 18 partitions that was a third of what a change costs the client. Without any records a
 * batch only makes for a heartbeat, and so does a fetch without batches.
 *
 * Remove when kafkajs makes no batch of a partition without records.
 */
export function dropEmptyBatches(): void {
  const { fetch } = ConsumerGroup.prototype;
  ConsumerGroup.prototype.fetch = async function fetchWithoutEmptyBatches(nodeId) {
    const batches = await fetch.call(this, nodeId);
    return batches.filter(({ rawMessages }) => rawMessages.length > 0);
  };
}
