import kafkajs, { type Admin } from 'kafkajs';

// Not among the names that Node finds in this CommonJS module.
const { AssignerProtocol } = kafkajs;
/** What groups of consumers call themselves; Connect's workers do not read topics this way. */
const CONSUMER = 'consumer';

/** Groups of which a member is assigned a partition of the topic now. */
export async function groupsReading(admin: Admin, topic: string): Promise<string[]> {
  const listed = (await admin.listGroups()).groups.filter(
    ({ protocolType }) => protocolType === CONSUMER,
  );
  if (listed.length === 0) return [];
  const { groups } = await admin.describeGroups(listed.map(({ groupId }) => groupId));
  return groups
    .filter(({ members }) =>
      members.some(({ memberAssignment }) => {
        if (memberAssignment.length === 0) return false; // still joining
        const assigned = AssignerProtocol.MemberAssignment.decode(memberAssignment);
        return (assigned?.assignment[topic]?.length ?? 0) > 0;
      }),
    )
    .map(({ groupId }) => groupId)
    .sort();
}
