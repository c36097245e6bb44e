import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';

const isEarlier = new WeakMap<object, () => boolean>();

/**
 * Marks what was fetched before the group's partitions were assigned again. A fetcher that learns of a new leader joins
 * the group again while those of other brokers go on; what they bring continues what was read before, but the new
 * assignment reads on at the committed offsets. Taken as read, it would skip everything between.
 *
 * Remove when kafkajs stops all fetchers before it joins again.
 */
export function markEarlierBatches(): void {
  const { fetch } = ConsumerGroup.prototype;

  ConsumerGroup.prototype.fetch = async function fetchInGeneration(nodeId) {
    const { offsetManager } = this;
    const batches = await fetch.call(this, nodeId);
    for (const batch of batches) isEarlier.set(batch, () => this.offsetManager !== offsetManager);
    return batches;
  };
}

/** Whether the batch belongs to an assignment that is over. */
export function isOfEarlierGeneration(batch: object): boolean {
  return isEarlier.get(batch)?.() ?? false;
}
