import type { ReportedColumn } from '@shelfcast/schemas/monitoring-event';
import { exact } from './format.ts';

/** A changed column as a list shows it: `price 19.90 → 17.90`. */
export interface ChangedPart {
  readonly column: string;
  /** Undefined: there was, or is, no value; `null` is written out. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What happened, in words and parts: `new product` with its name, `deleted`, or the columns that changed. */
export interface ChangeMessages {
  readonly summary: string;
  readonly parts: readonly ChangedPart[];
  /** Changed columns that are not shown. */
  readonly more: number;
}

export interface ChangeFacts {
  readonly entity: string | undefined;
  readonly op: string | undefined;
  readonly changed: readonly ReportedColumn[];
  readonly changedOmitted?: number | undefined;
}

const MAX_PARTS = 2;
/** Of a change whose capture is not among the reports at hand. */
const NOT_REPORTED = 'what changed is not known here';
/** What says least of all that changed. */
const DULL = new Set(['updated_at', 'last_updated', 'created_at']);

/** A change as a sentence's parts, the telling columns first. */
export function describeChange(facts: ChangeFacts): ChangeMessages {
  const { entity, op, changed, changedOmitted = 0 } = facts;
  const one = entityWord(entity);
  if (op === 'delete') return { summary: 'deleted', parts: [], more: 0 };
  if (op === 'truncate') return { summary: `all ${one}s deleted`, parts: [], more: 0 };
  if (op === 'create' || op === 'read') {
    const name = changed.find(({ column }) => column === 'name')?.after ?? undefined;
    const summary = op === 'create' ? `new ${one}` : `${one} read by a snapshot`;
    const parts = name === undefined ? [] : [{ column: '', before: undefined, after: name }];
    return { summary, parts, more: 0 };
  }
  const telling = changed.filter(({ column }) => !DULL.has(column));
  const shown = (telling.length > 0 ? telling : changed).slice(0, MAX_PARTS);
  return {
    summary: shown.length > 0 ? '' : op === undefined ? NOT_REPORTED : 'no column changed',
    parts: shown.map(({ column, before, after }) => ({
      column,
      before: valueText(before),
      after: valueText(after),
    })),
    more: Math.max(0, telling.length - shown.length) + changedOmitted,
  };
}

/** The same as one text, for titles, exports and screen readers. */
export function changeSentence(facts: ChangeFacts): string {
  const { summary, parts, more } = describeChange(facts);
  const texts = parts.map(({ column, before, after }) => {
    if (column === '') return after ?? '';
    if (before === undefined) return `${column} ${after ?? ''}`;
    return `${column} ${before} → ${after ?? 'nothing'}`;
  });
  const rest = more === 0 ? [] : [`${more} more`];
  return [summary, [...texts, ...rest].join(', ')].filter((part) => part !== '').join(' ');
}

/** `products` → `product`. */
export function entityWord(entity: string | undefined): string {
  if (entity === undefined || entity === '') return 'row';
  const word = entity.replaceAll('_', ' ');
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function valueText(value: string | null | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value === null ? 'null' : exact(value);
}
