/** No position at all: before every other. */
export const NOWHERE = '';

/** Whether a position is that of a manual event (see `Position`). */
export function isManual(position: string): boolean {
  return position.startsWith('m-');
}

function isSnapshotRead(position: string): boolean {
  return !isManual(position) && position.endsWith('-0');
}

/**
 * What becomes of a change whose key has seen `known`: it takes effect, it is older than what took effect, or it is
 * about something that another origin owns.
 *
 * The database owns every key it has emitted. Until then a key is its publishers', and the first streamed change
 * takes it over; a snapshot read does not, because it says nothing about what is newer.
 */
export function precedence(position: string, known: string): 'newer' | 'older' | 'conflict' {
  if (known === NOWHERE) return 'newer';
  if (isManual(position) === isManual(known)) return position > known ? 'newer' : 'older';
  if (isManual(position)) return 'conflict';
  return isSnapshotRead(position) ? 'conflict' : 'newer';
}

/** The same rule for `runtime.guards`, where `g.position` is known and `excluded.position` arrives. */
export const WINNING_POSITION_SQL = `
  case when (g.position like 'm-%') = (excluded.position like 'm-%') or g.position = ''
         then greatest(g.position, excluded.position)
       when excluded.position like 'm-%' or excluded.position like '%-0' then g.position
       else excluded.position end`;
