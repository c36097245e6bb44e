/** What a caller may do; each role may do what those before it may. */
export const ROLES = ['viewer', 'publisher', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls, as far as the API cares. */
export interface Caller {
  /** Name of the token, or issuer and subject of the JWT; limits and Idempotency-Keys are per name. */
  readonly name: string;
  readonly role: Role;
  /** From when on its token is refused, Unix milliseconds; undefined: it has no end. */
  readonly expiresAtMs?: number;
}

/** Without tokens and issuer, which protected mode allows on loopback only, all callers are this one. */
export const ANYONE: Caller = { name: 'anyone', role: 'operator' };

export function mayAct({ role }: Caller, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
