import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import OffsetManager from 'kafkajs/src/consumer/offsetManager/index.js';

/** What kafkajs throws when the coordinator's broker is not there. */
const BROKER_LOST = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSBrokerNotFound',
  'KafkaJSRequestTimeoutError',
]);

/**
 * A group's coordinator is asked for when joining and never again. When its broker dies, the group moves to another
 * broker within seconds, but kafkajs sends heartbeats and commits to the dead one until it is back, and each failed
 * heartbeat stops fetching from all brokers. Here a lost coordinator is looked up again, and what can be fetched
 * goes on meanwhile; a member that the group has given up by then is told so by the new coordinator, and joins.
 *
 * Remove when kafkajs looks a lost coordinator up again (2.2.4 does not).
 */
export function fixCoordinatorLookup(): void {
  const { heartbeat } = ConsumerGroup.prototype;
  const lookingUp = new WeakSet<ConsumerGroup>();

  async function lookUp(group: ConsumerGroup): Promise<void> {
    if (lookingUp.has(group)) return;
    lookingUp.add(group);
    try {
      const { cluster, groupId } = group;
      group.coordinator = await cluster.findGroupCoordinator({ groupId });
    } catch {
      // The next heartbeat finds that out.
    } finally {
      lookingUp.delete(group);
    }
  }

  ConsumerGroup.prototype.heartbeat = async function followingHeartbeat(options) {
    try {
      await heartbeat.call(this, options);
    } catch (error) {
      if (!(error instanceof Error && BROKER_LOST.has(error.name))) throw error;
      void lookUp(this);
    }
  };

  OffsetManager.prototype.getCoordinator = async function followingCoordinator() {
    if (!this.coordinator.isConnected()) {
      const { cluster, groupId } = this;
      this.coordinator = await cluster.findGroupCoordinator({ groupId });
    }
    return this.coordinator;
  };
}
