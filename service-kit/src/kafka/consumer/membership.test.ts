import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Membership, type MembershipEvent, nextMembership } from './membership.ts';

const TABLE: Record<Membership, Record<MembershipEvent, Membership>> = {
  outside: {
    join: 'joined',
    rebalance: 'outside',
    'crash, starts again': 'outside',
    crash: 'ended',
    leave: 'outside',
  },
  joined: {
    join: 'joined',
    rebalance: 'outside',
    'crash, starts again': 'outside',
    crash: 'ended',
    leave: 'outside',
  },
  ended: {
    join: 'ended',
    rebalance: 'ended',
    'crash, starts again': 'ended',
    crash: 'ended',
    leave: 'ended',
  },
};
const STATES: readonly Membership[] = ['outside', 'joined', 'ended'];
const EVENTS: readonly MembershipEvent[] = [
  ...(['join', 'rebalance', 'crash, starts again', 'crash', 'leave'] as const),
];

for (const from of STATES) {
  for (const event of EVENTS) {
    test(`${from}, ${event} → ${TABLE[from][event]}`, () => {
      assert.is(nextMembership(from, event), TABLE[from][event]);
    });
  }
}

test.run();
