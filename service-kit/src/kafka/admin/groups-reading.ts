import kafkajs, { type Admin, type MemberDescription } from 'kafkajs';

// Not among the names that Node finds in this CommonJS module.
const { AssignerProtocol } = kafkajs;
/** What groups of consumers call themselves; Connect's workers do not read topics this way. */
const CONSUMER = 'consumer';

/** Groups of which a member is assigned a partition of the topic now. */
export async function groupsReading(
  admin: Pick<Admin, 'listGroups' | 'describeGroups'>,
  topic: string,
): Promise<string[]> {
  const listed = (await admin.listGroups()).groups.filter(
    ({ protocolType }) => protocolType === CONSUMER,
  );
  if (listed.length === 0) return [];
  const { groups } = await admin.describeGroups(listed.map(({ groupId }) => groupId));
  return groups
    .filter(({ members }) => members.some((member) => assignedTo(member).includes(topic)))
    .map(({ groupId }) => groupId)
    .sort();
}

/** See `KafkaAdmin.topicsReadBy`. */
export async function topicsReadBy(
  admin: Pick<Admin, 'describeGroups'>,
  groupIds: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  if (groupIds.length === 0) return new Map();
  const { groups } = await admin.describeGroups([...groupIds]);
  return new Map(
    groups
      .filter(({ protocolType }) => protocolType === CONSUMER || protocolType === '')
      .map(({ groupId, members }) => {
        const topics = members.flatMap((member) => {
          const assigned = assignedTo(member);
          return assigned.length > 0 ? assigned : subscribedBy(member);
        });
        return [groupId, new Set(topics)];
      }),
  );
}

function assignedTo({ memberAssignment }: MemberDescription): string[] {
  if (memberAssignment.length === 0) return []; // still joining
  const assigned = AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
  return Object.keys(assigned).filter((topic) => (assigned[topic]?.length ?? 0) > 0);
}

/** Nothing while the group rebalances: brokers tell it of settled groups alone. */
function subscribedBy({ memberMetadata }: MemberDescription): readonly string[] {
  if (memberMetadata.length === 0) return [];
  return AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [];
}
