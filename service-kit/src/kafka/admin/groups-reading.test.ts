import kafkajs from 'kafkajs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { groupsReading, topicsReadBy } from './groups-reading.ts';

const { AssignerProtocol } = kafkajs;
const test = suite('who reads which topic');

interface Member {
  readonly subscribed?: readonly string[];
  readonly assigned?: Readonly<Record<string, number[]>>;
}

/** A broker's answers: what each group's members told it, and what they were given. */
function broker(groups: Readonly<Record<string, readonly Member[]>>) {
  const userData = Buffer.alloc(0);
  const protocolType = 'consumer';
  return {
    listGroups: async () => ({
      groups: Object.keys(groups).map((groupId) => ({ groupId, protocolType })),
    }),
    describeGroups: async (groupIds: string[]) => ({
      groups: groupIds.map((groupId) => ({
        ...{ errorCode: 0, groupId, protocol: 'RoundRobinAssigner', protocolType },
        state: 'Stable' as const,
        members: (groups[groupId] ?? []).map(({ subscribed, assigned }, nr) => ({
          ...{ clientHost: '/10.0.0.1', clientId: `c-${nr}`, memberId: `m-${nr}` },
          memberMetadata: subscribed
            ? AssignerProtocol.MemberMetadata.encode({
                ...{ version: 1, topics: [...subscribed], userData },
              })
            : Buffer.alloc(0),
          memberAssignment: assigned
            ? AssignerProtocol.MemberAssignment.encode({
                ...{ version: 1, assignment: { ...assigned }, userData },
              })
            : Buffer.alloc(0),
        })),
      })),
    }),
  };
}

test('a group reads what its members are assigned, and what those without a partition subscribe to', async () => {
  const admin = broker({
    catalogue: [
      { subscribed: ['orders', 'prices'], assigned: { orders: [0, 1], prices: [] } },
      { subscribed: ['stock'], assigned: {} },
    ],
    joining: [{}],
    empty: [],
  });
  assert.equal(
    await topicsReadBy(admin, ['catalogue', 'joining', 'empty']),
    new Map([
      ['catalogue', new Set(['orders', 'stock'])],
      ['joining', new Set()],
      ['empty', new Set()],
    ]),
  );
  assert.equal(await topicsReadBy(admin, []), new Map());
});

test('only a group with a partition of the topic reads it now', async () => {
  const admin = broker({
    pricing: [{ subscribed: ['orders'], assigned: { orders: [0] } }],
    catalogue: [{ subscribed: ['orders'], assigned: { orders: [1] } }],
    idle: [{ subscribed: ['orders'], assigned: { orders: [] } }],
  });
  assert.equal(await groupsReading(admin, 'orders'), ['catalogue', 'pricing']);
});

test.run();
