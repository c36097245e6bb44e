import { isPortTaken } from '../processes/port-owner.ts';
import type { LocalSettings } from '../settings.ts';
import { isUp } from '../supervisor/client.ts';

export const NOT_UP = 'The stack is not up: make start.';

/** Whether there is no stack to speak to, neither this checkout's nor another at its addresses, such as on Docker. */
export async function isDown({
  stateDir,
  ports,
}: Pick<LocalSettings, 'stateDir' | 'ports'>): Promise<boolean> {
  return !isUp(stateDir) && !(await isPortTaken(ports.postgres));
}
