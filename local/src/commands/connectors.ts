import { basicAuth, splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import { z } from 'zod';

const running = z.object({ state: z.string() });

/** `GET /connectors?expand=status` of Connect's REST API, as far as it is shown. */
const expanded = z.record(
  z.string(),
  z.object({
    status: z.object({ connector: running, tasks: z.array(running.extend({ id: z.number() })) }),
  }),
);

/** One line per connector with its state and its tasks'; `sound` is false when one of them has failed. */
export async function connectorLines(
  address: string | undefined,
): Promise<{ lines: string[]; sound: boolean }> {
  if (address === undefined) return { lines: [], sound: true };
  try {
    const { url, credentials } = splitCredentials(address);
    const response = await fetch(`${url}/connectors?expand=status`, {
      ...(credentials === undefined ? {} : { headers: { authorization: basicAuth(credentials) } }),
      signal: AbortSignal.timeout(3_000),
    });
    const connectors = Object.entries(expanded.parse(await response.json()));
    const states = connectors.map(([name, { status }]) => ({
      name,
      states: [status.connector.state, ...status.tasks.map((task) => task.state)],
      tasks: status.tasks.map((task) => `task ${task.id} ${task.state}`).join(', ') || 'no task',
    }));
    return {
      lines: states.map(({ name, states: [own], tasks }) => `Connector ${name}: ${own}, ${tasks}`),
      sound: !states.some((connector) => connector.states.includes('FAILED')),
    };
  } catch {
    return { lines: ['Connectors: Kafka Connect does not answer'], sound: true };
  }
}
