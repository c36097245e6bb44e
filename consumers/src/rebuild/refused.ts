/** A rebuild that is not possible: trying again would not help. The text is for the person who asked. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code = 'REBUILD_REFUSED';
  readonly retriable = false;
}
