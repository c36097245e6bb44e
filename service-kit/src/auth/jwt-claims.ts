import { ROLES, type Role } from './caller.ts';

const PREFIX = 'shelfcast:';
const MAX_SUBJECT_LENGTH = 255;
const CONTROL = /\p{Cc}|\p{Surrogate}/u;

/** The subject as part of a caller's name; undefined for a claim that does not name one caller. */
export function subjectOf(claim: unknown): string | undefined {
  if (typeof claim !== 'string' || claim.trim() === '') return undefined;
  return claim.length > MAX_SUBJECT_LENGTH || CONTROL.test(claim) ? undefined : claim;
}

/** The highest role that a claim lists, as `<role>` or `shelfcast:<role>`, and nothing else. */
export function highestRole(claim: unknown): Role | undefined {
  const given: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return ROLES.findLast((role) => given.includes(role) || given.includes(`${PREFIX}${role}`));
}
