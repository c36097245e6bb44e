import { basicAuth, splitCredentials } from '@shelfcast/schemas/registry/url-credentials';
import { fromEnvironment } from './environment.ts';

/** What the registry answers to a plain request, as any client would ask. */
export async function registryJson(path: string): Promise<unknown> {
  const { url, credentials } = splitCredentials(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const headers = credentials === undefined ? {} : { authorization: basicAuth(credentials) };
  return await (await fetch(`${url}${path}`, { headers })).json();
}
