import type { DeadLetterItem, ParkedRecord } from '@shelfcast/schemas/monitor/operations';
import { faultOf, jsonOf } from '../../lib/contract/check.ts';
import type { ContractField } from '../../lib/contract/fields.ts';

/** A column of a dead letter's row, as it is and as it can be edited. */
export interface EditColumn {
  readonly name: string;
  /** The row's key cannot be edited. */
  readonly isKey: boolean;
  readonly before: unknown;
  /** What would be applied now: the record's value, or that of an earlier edit. */
  readonly value: unknown;
  readonly isChanged: boolean;
  readonly isEdited: boolean;
}

export interface Draft {
  readonly text: string;
  readonly isNull: boolean;
}

export type Drafts = Readonly<Record<string, Draft>>;

/** Fields of manual events whose column has another name. */
const COLUMN_OF: Readonly<Record<string, string>> = { weight: 'weight_kg' };

/** What a topic's contract says of each column. One that is not in it is taken as it is written. */
export type RowContract = ReadonlyMap<string, ContractField>;

/** @param fields none: the topic has no contract */
export function rowContract(topic: string, fields: readonly ContractField[]): RowContract {
  const isManual = topic === 'product_updates';
  return new Map(
    fields.map((field) => [isManual ? (COLUMN_OF[field.name] ?? field.name) : field.name, field]),
  );
}

/** The columns of a parked row. */
export function editColumns(
  { before, after, edit }: ParkedRecord,
  letter: Pick<DeadLetterItem, 'key'>,
): readonly EditColumn[] {
  if (after === null) return [];
  return Object.entries(after).map(([name, own]) => {
    const isEdited = edit !== null && name in edit;
    const old = before === null ? undefined : before[name];
    return {
      name,
      isKey: /(^|_)id$/.test(name) && own === letter.key,
      before: old,
      value: isEdited ? edit[name] : own,
      isChanged: before !== null && !isSame(old, own),
      isEdited,
    };
  });
}

export function draftOf({ value }: EditColumn): Draft {
  return value === null ? { text: '', isNull: true } : { text: valueText(value), isNull: false };
}

/** What is wrong with a draft, as a sentence. */
export function draftFault(
  { name }: EditColumn,
  draft: Draft,
  contract: RowContract,
): string | undefined {
  const field = contract.get(name);
  if (draft.isNull) {
    return field === undefined || field.isNullable ? undefined : `${name} cannot be null.`;
  }
  if (field === undefined) return undefined;
  return faultOf({ ...field, name, isNullable: false, isOptional: false }, draft.text);
}

export interface EditOutcome {
  /** Columns that replace those of the record; those of an earlier edit stay in it. */
  readonly edit: Readonly<Record<string, unknown>>;
  readonly faults: Readonly<Record<string, string>>;
  /** Columns whose value is another one now, in the order of the row. */
  readonly changed: readonly {
    readonly name: string;
    readonly from: string;
    readonly to: string;
  }[];
}

/** What the drafts come to. */
export function editOutcome(
  columns: readonly EditColumn[],
  drafts: Drafts,
  contract: RowContract,
): EditOutcome {
  const edit: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  const changed: EditOutcome['changed'][number][] = [];
  for (const column of columns) {
    const { name, value, isEdited, isKey } = column;
    const draft = drafts[name];
    if (isEdited) edit[name] = value;
    if (draft === undefined || isKey) continue;
    const before = draftOf(column);
    if (draft.isNull === before.isNull && draft.text === before.text) continue;
    const fault = draftFault(column, draft, contract);
    if (fault !== undefined) faults[name] = fault;
    else edit[name] = draftJson(column, draft, contract.get(name));
    changed.push({ name, from: shown(before), to: shown(draft) });
  }
  return { edit, faults, changed };
}

function draftJson({ value }: EditColumn, draft: Draft, field: ContractField | undefined): unknown {
  if (draft.isNull) return null;
  if (field !== undefined)
    return jsonOf({ ...field, isOptional: false, isNullable: false }, draft.text);
  // Without a contract, a number stays one.
  if (typeof value === 'number' && /^-?\d+(\.\d+)?$/.test(draft.text)) return Number(draft.text);
  if (typeof value === 'boolean') return draft.text === 'true';
  return draft.text;
}

function shown({ text, isNull }: Draft): string {
  return isNull ? 'null' : text;
}

/** A value as people read it; texts as they are. */
export function valueText(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
