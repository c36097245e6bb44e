/**
 * The answer to a GET, to be checked by who uses it.
 * @throws Error with the answer where it is not 2xx
 */
export async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
