export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Takes user and password out of an HTTP address: `http://user:secret@host:8083` → the address that may be shown, and
 * what is to be sent as Basic authentication.
 */
export function splitCredentials(address: string): {
  readonly url: string;
  readonly credentials: Credentials | undefined;
} {
  if (!URL.canParse(address)) return { url: address, credentials: undefined };
  const url = new URL(address);
  if (url.username === '') return { url: address, credentials: undefined };
  const credentials = {
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
  url.username = '';
  url.password = '';
  return { url: url.toString().replace(/\/$/, ''), credentials };
}

/** The value of an Authorization header. */
export function basicAuth({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
