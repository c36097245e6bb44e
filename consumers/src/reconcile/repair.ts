import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { readKeys } from '@shelfcast/connect-config/snapshot/read-keys';
import { answerTo, requestCommand, withdraw } from '../runtime/commands/queue.ts';
import { brake } from '../runtime/sweep/swept.ts';
import { type CheckOptions, type Difference, look, settle } from './check.ts';
import type { Reason } from './judge.ts';
import type { ComparedTable } from './plan.ts';
import { partsOfKeys } from './source-rows.ts';

export interface RepairPlan {
  /** To be read again from the source. */
  readonly read: readonly Difference[];
  /** To be removed from the read model. */
  readonly remove: readonly Difference[];
}

const REPAIRABLE: ReadonlySet<Reason> = new Set(['lost', 'extra', 'changed by hand'] as const);

/** What can be done about differences; those that wait for a person, or come right by themselves, are left out. */
export function planRepair(differences: readonly Difference[]): RepairPlan {
  const repairable = differences.filter(({ reason }) => REPAIRABLE.has(reason));
  return {
    read: repairable.filter(({ sight }) => sight.source !== undefined),
    remove: repairable.filter(({ sight }) => sight.source === undefined),
  };
}

export interface RepairOptions extends CheckOptions {
  readonly source: ConnectorContext & CheckOptions['source'];
  readonly by: string;
  /** The most keys that may be removed although they are many. */
  readonly confirmed: number;
}

const KEYS_PER_COMMAND = 500;
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Makes rows equal again by the ways that every change takes: the connector reads lost ones again, the consumer removes
 * extra ones.
 *
 * @returns what still differs of them, behind a fence
 * @throws Error when it would remove too many keys, before anything is done; OperationError, CommandRefused
 */
export async function repair(
  options: RepairOptions,
  table: ComparedTable,
  { read, remove }: RepairPlan,
  modelRows: number,
): Promise<Difference[]> {
  const refusal = brake({ gone: remove.length, keys: modelRows }, options.confirmed);
  if (refusal !== undefined) {
    throw new Error(
      `${refusal}. If the source is what it should be, CONFIRM=${remove.length} goes on.`,
    );
  }
  if (read.length > 0) {
    const keys = partsOfKeys(
      table,
      read.map(({ key }) => key),
    );
    await readKeys(options.source, { table: table.source, keys });
  }
  for (let at = 0; at < remove.length; at += KEYS_PER_COMMAND) {
    await removeRows(options, table, remove.slice(at, at + KEYS_PER_COMMAND));
  }
  const keys = [...read, ...remove].map(({ key }) => key);
  const sides = { products: options.source.products, consumers: options.consumers };
  return await settle(options, table, await look(sides, table, keys));
}

async function removeRows(
  { consumers, by }: RepairOptions,
  { consumer, entity }: ComparedTable,
  rows: readonly Difference[],
): Promise<void> {
  const keys = rows.map(({ key, sight }) => ({ key, position: sight.model.position ?? '' }));
  const id = await requestCommand(consumers, {
    ...{ consumer, kind: 'remove', by },
    args: { entity, keys },
  });
  const answer = await answerTo(consumers, id, ANSWER_TIMEOUT_MS);
  if (answer === undefined && (await withdraw(consumers, id))) {
    throw new Error(
      `No process hosts the consumer ${consumer}, so nothing was removed. "make status" shows what runs.`,
    );
  }
}
