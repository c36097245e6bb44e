/** Whether a kafkajs consumer is in its group. */
export type Membership =
  /** It asks to join, or was told to ask again; also after it has left. */
  | 'outside'
  | 'joined'
  /** It crashed, and kafkajs will not start it again: the session has to be replaced. */
  | 'ended';

export type MembershipEvent = 'join' | 'rebalance' | 'crash, starts again' | 'crash' | 'leave';

/**
 * | from \ event | join    | rebalance | crash, starts again | crash | leave   |
 * | ------------ | ------- | --------- | ------------------- | ----- | ------- |
 * | outside      | joined  | outside   | outside             | ended | outside |
 * | joined       | joined  | outside   | outside             | ended | outside |
 * | ended        | ended   | ended     | ended               | ended | ended   |
 */
export function nextMembership(from: Membership, event: MembershipEvent): Membership {
  if (from === 'ended' || event === 'crash') return 'ended';
  return event === 'join' ? 'joined' : 'outside';
}
