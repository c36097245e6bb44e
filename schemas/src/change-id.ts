import { hash } from 'node:crypto';

const DERIVED =
  /^\s*(?:urn:uuid:)?\{?[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\}?\s*$/i;

/** Whether a text has the form of the ids made here, in any of the ways in which UUIDs are written. */
export function isDerivedId(text: string): boolean {
  return DERIVED.test(text);
}

/**
 * UUID (version 8, RFC 9562) that is a function of its parts: SHA-256 of their JSON array, so that
 * `['a', 'bc']` and `['ab', 'c']` differ.
 */
export function deriveId(parts: readonly (string | null)[]): string {
  const digest = hash('sha256', JSON.stringify(parts), 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-');
}
