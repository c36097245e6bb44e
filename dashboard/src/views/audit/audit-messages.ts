import type { AuditItem } from '@shelfcast/schemas/monitor/operations';
import { isObject } from '../../lib/api/problem.ts';
import { plural } from '../../lib/format.ts';
import type { Status } from '../../lib/status.ts';

/** What can be asked through the monitor, for the filter. */
export const ACTIONS = [
  'redrive',
  'discard',
  'consumer.pause',
  'consumer.resume',
  'connector.restart',
  'connector.pause',
  'connector.resume',
] as const;

/** What a user did, in a sentence that begins with the user. */
export function describeAction({ who, action, target, request }: AuditItem): string {
  const asked = isObject(request) ? request : {};
  const reason = typeof asked.reason === 'string' ? `: “${asked.reason}”` : '';
  const name = target.split('/')[0] ?? target;
  switch (action) {
    case 'redrive': {
      const edit = isObject(asked.edit)
        ? `, with ${Object.keys(asked.edit).join(', ')} edited`
        : '';
      return `${who} ${dryWord(asked, 'redrove', 'tried out a redrive of')} ${describeSelection(asked)} of ${name}${edit}`;
    }
    case 'discard':
      return `${who} ${dryWord(asked, 'discarded', 'tried out a discard of')} ${describeSelection(asked)} of ${name}${reason}`;
    case 'consumer.pause':
      return `${who} paused the consumer ${target}${reason}`;
    case 'consumer.resume':
      return `${who} resumed the consumer ${target}`;
    case 'connector.restart': {
      const part = asked.onlyFailed === false ? ' with all its tasks' : ', where it had failed';
      return `${who} restarted the connector ${target}${part}`;
    }
    case 'connector.pause':
      return `${who} paused the connector ${target}`;
    case 'connector.resume':
      return `${who} resumed the connector ${target}`;
    default:
      return `${who}: ${action} ${target}`;
  }
}

function dryWord(asked: Record<string, unknown>, did: string, tried: string): string {
  return asked.dryRun === true ? tried : did;
}

function describeSelection({ ids, entity, key, errorType, all }: Record<string, unknown>): string {
  if (Array.isArray(ids)) {
    return ids.length === 1 ? `dead letter ${ids[0]}` : plural(ids.length, 'dead letter');
  }
  if (all === true) return 'every dead letter';
  const parts = [
    typeof key === 'string' ? `key ${key}` : '',
    typeof entity === 'string' ? `entity ${entity}` : '',
    typeof errorType === 'string' ? `error ${errorType}` : '',
  ].filter(Boolean);
  return `the dead letters with ${parts.join(' and ') || 'no condition'}`;
}

/** Whether it only asked what would happen. */
export function isDryRun({ request }: AuditItem): boolean {
  return isObject(request) && request.dryRun === true;
}

export interface DeedOutcome {
  readonly status: Status;
  readonly summary: string;
}

/** What came of it. */
export function outcomeOf({ action, outcome, result }: AuditItem): DeedOutcome {
  const came = isObject(result) ? result : {};
  if (outcome === 'failed') {
    return { status: 'bad', summary: typeof came.error === 'string' ? came.error : 'It failed.' };
  }
  if (outcome === 'begun') return { status: 'warn', summary: 'What came of it is not known.' };
  const { matched, done } = came;
  const isOfKeys = action === 'redrive' || action === 'discard';
  if (!isOfKeys || typeof matched !== 'number' || typeof done !== 'number')
    return { status: 'ok', summary: 'Done.' };
  const left = matched - done;
  const rest = left === 0 ? '' : `, ${left} left alone`;
  return { status: left === 0 ? 'ok' : 'warn', summary: `${plural(done, 'key')}${rest}` };
}
