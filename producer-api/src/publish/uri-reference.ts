/** RFC 3986, appendix B: scheme, authority, path, query and fragment. */
const PARTS = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;
const CHARACTERS = "(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}";
const AUTHORITY = new RegExp(
  `^(?:${CHARACTERS}|:)*@)?(?:\\[[0-9A-Fa-f:.v]+\\]|${CHARACTERS})*)(?::\\d*)?$`,
);
const PATH = new RegExp(`^${CHARACTERS}|[:@/])*$`);
const QUERY = new RegExp(`^${CHARACTERS}|[:@/?])*$`);

/** Whether a text is a URI or a relative reference, as RFC 3986 has them: `https://shop.example/till/3`, `/till/3`, `urn:till:3`. */
export function isUriReference(text: string): boolean {
  const parts = PARTS.exec(text);
  if (parts === null) return false;
  const [, scheme, authority, path = '', query, fragment] = parts;
  return (
    (scheme === undefined ? !text.startsWith(':') : SCHEME.test(scheme)) &&
    (authority === undefined || AUTHORITY.test(authority)) &&
    PATH.test(path) &&
    (query === undefined || QUERY.test(query)) &&
    (fragment === undefined || QUERY.test(fragment))
  );
}
