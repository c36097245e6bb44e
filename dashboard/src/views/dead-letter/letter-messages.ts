import type {
  AuditItem,
  DeadLetterDetail,
  DeadLetterItem,
} from '@shelfcast/schemas/monitor/operations';
import { isObject } from '../../lib/api/problem.ts';
import { plural } from '../../lib/format.ts';

/** Where a letter is and what can be done, in sentences. */
export function stateSentence({ state, attempts, redrives, consumer }: DeadLetterItem): string {
  if (state === 'retrying') {
    return redrives > 0
      ? `${consumer} is trying it again.`
      : `${consumer} tried it ${plural(attempts, 'time')} and tries again by itself.`;
  }
  const again = redrives === 0 ? '' : ` It was redriven ${plural(redrives, 'time')} in vain.`;
  return `${consumer} tried it ${plural(attempts, 'time')} and gave up: it waits for you.${again}`;
}

/** What to do about it. */
export function adviceFor({ records, consumer }: DeadLetterDetail): string {
  const [own] = records;
  if (own === undefined) return 'Its record is gone.';
  if (own.unreadable !== null) {
    return 'What cannot be read cannot be edited. Mend the schema or the sender, then redrive; or discard it.';
  }
  if (own.after === null) {
    return `There is no row in it to edit. Mend what kept ${consumer} from applying it, then redrive; or discard it.`;
  }
  return 'Mend the cause and redrive it as it is; or edit the row; or discard this change and go on with the next.';
}

/** An entry of the audit about this letter, as the end of a sentence that begins with who. */
export function describeAudit({ action, request, result, outcome }: AuditItem): string {
  const asked = isObject(request) ? request : {};
  const dry = asked.dryRun === true ? ' (dry run)' : '';
  const edit = isObject(asked.edit) ? `, with ${Object.keys(asked.edit).join(', ')} edited` : '';
  const reason = typeof asked.reason === 'string' ? `: “${asked.reason}”` : '';
  const did = action === 'discard' ? `discarded it${reason}` : `redrove it${edit}`;
  return `${did}${dry}${describeOutcome(outcome, result)}`;
}

function describeOutcome(outcome: AuditItem['outcome'], result: unknown): string {
  if (outcome === 'begun') return '; what came of it is not known';
  if (outcome === 'done' || !isObject(result)) return '';
  return typeof result.error === 'string'
    ? `, which was refused: ${result.error}`
    : ', which failed';
}

/** Whether an entry of the audit is about this letter. */
export function isAbout({ target, request }: AuditItem, id: string, consumer: string): boolean {
  if (target === `${consumer}/${id}`) return true;
  const ids = isObject(request) ? request.ids : undefined;
  return target === consumer && Array.isArray(ids) && ids.includes(id);
}
