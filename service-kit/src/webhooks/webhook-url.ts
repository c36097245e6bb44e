/**
 * A subscriber's URL as it is used.
 * @throws Error when it is none, not http(s), or carries a password
 */
export function webhookUrl(text: string): URL {
  if (!URL.canParse(text)) throw new Error(`${JSON.stringify(text)} is not a URL`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(`a webhook needs http:// or https://, not ${url.protocol}//`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error(
      'a webhook URL must not hold a user or password: the signature tells who calls',
    );
  }
  return url;
}

/** The host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
