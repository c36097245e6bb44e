import { isBadPort } from '@shelfcast/service-kit/config/bad-ports';
import { LocalError } from '../errors.ts';
import type { PortUse } from '../ports.ts';
import { isPortTaken, portOwner } from '../processes/port-owner.ts';

/** These do not speak HTTP. */
const OF_OTHER_PROTOCOLS: ReadonlySet<string> = new Set(['POSTGRES_PORT', 'KAFKA_PORT']);

/**
 * Makes sure that no other program listens on the ports a start is going to need.
 * @throws {LocalError} `PORT_TAKEN` naming each taken port, who holds it and the settings that move it
 */
export async function checkPorts(uses: readonly PortUse[]): Promise<void> {
  const checked = await Promise.all(
    uses.map(async (use) => ({ use, taken: await isPortTaken(use.port) })),
  );
  const lines = uses
    .filter(({ port, setting }) => isBadPort(port) && !OF_OTHER_PROTOCOLS.has(setting))
    .map(
      ({ port, use, setting }) =>
        `Port ${port} for ${use} is one that browsers refuse. Move it with ${setting}=…, or everything with another PORT_OFFSET.`,
    );
  for (const { use } of checked.filter(({ taken }) => taken)) {
    const owner = await portOwner(use.port);
    const who = owner ? `by pid ${owner.pid} (${owner.command})` : "by another user's process";
    lines.push(
      `Port ${use.port} for ${use.use} is taken ${who}. Move it with ${use.setting}=…, or everything with PORT_OFFSET=….`,
    );
  }
  if (lines.length > 0) throw new LocalError('PORT_TAKEN', lines.join('\n'));
}
