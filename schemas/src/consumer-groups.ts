/** The consumers there are. Each is a Kafka group, and has a dead-letter topic. */
export const CONSUMER_GROUPS = ['catalogue', 'pricing', 'inventory'] as const;
export type ConsumerGroup = (typeof CONSUMER_GROUPS)[number];
