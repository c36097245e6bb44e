import type { Codec } from '@shelfcast/schemas/codec';
import type { LogReader } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import { type FenceOptions, passConsumerFence } from './fence.ts';
import { isEqual, judge, type Reason, reasonOf, type Sight } from './judge.ts';
import { differingColumns, digestOfLogged, newestLogged } from './logged.ts';
import { findModelRows, modelValues, readModelKeys } from './model-rows.ts';
import type { ComparedTable, Sides } from './plan.ts';
import { findSourceRows, readSourceRows, type SourceRow, sourceValues } from './source-rows.ts';

/** A key that is not equal on both sides, and why. */
export interface Difference {
  readonly key: string;
  readonly reason: Reason;
  /** Names of the columns that differ; none where one side has no row. */
  readonly columns: readonly string[];
  readonly sight: Sight;
}

export interface CheckResult {
  readonly sourceRows: number;
  /** Those of keys that publishers own left out. */
  readonly modelRows: number;
  /** Keys that differed at first, and were equal when they were looked at again. */
  readonly inFlight: number;
  readonly differences: readonly Difference[];
  /** Whether it stopped before the end, because there were too many. */
  readonly isCut: boolean;
}

export interface CheckOptions extends FenceOptions {
  readonly codec: Codec;
  readonly reader: LogReader;
  /** Told now and then how many rows were compared. */
  readonly onProgress?: (rows: number) => void;
  readonly batchKeys?: number;
  /** So many differences are enough to stop (default 10,000): then the table is read again as a whole. */
  readonly maxDifferences?: number;
}

const BATCH_KEYS = 1_000;
/** So many are settled together, so that memory has a limit. */
const MAX_SUSPECTS = 10_000;
const MAX_DIFFERENCES = 10_000;
const MAX_ROUNDS = 10;

/**
 * Compares all rows of a table, in chunks of keys: the source's in its order, with the consumer's rows of these keys; then
 * the consumer's in its own order, with the source's. No order of two databases is compared, for their collations differ.
 * What differs is looked at again behind a fence (see `settle`), so that a change on its way is no difference.
 */
export async function checkTable(
  options: CheckOptions,
  table: ComparedTable,
): Promise<CheckResult> {
  const { source, consumers, batchKeys = BATCH_KEYS, onProgress = () => undefined } = options;
  const maxDifferences = options.maxDifferences ?? MAX_DIFFERENCES;
  const { products } = source;
  const suspects = new Map<string, Sight>();
  const differences: Difference[] = [];
  let sourceRows = 0;
  let modelRows = 0;
  let inFlight = 0;
  let isCut = false;

  async function suspect(sights: ReadonlyMap<string, Sight>): Promise<void> {
    for (const [key, sight] of sights) if (!isEqual(sight)) suspects.set(key, sight);
    onProgress(sourceRows + modelRows);
    if (suspects.size >= Math.min(MAX_SUSPECTS, maxDifferences)) await settleSuspects();
  }

  function isEnough(): boolean {
    isCut ||= differences.length >= maxDifferences;
    return isCut;
  }

  async function settleSuspects(): Promise<void> {
    const settled = await settle(options, table, suspects);
    differences.push(...settled);
    inFlight += suspects.size - settled.length;
    suspects.clear();
  }

  for await (const rows of readSourceRows(products, table, batchKeys)) {
    const keys = rows.map(({ key }) => key);
    sourceRows += rows.length;
    await suspect(sightsOf(rows, await findModelRows(consumers, table, keys)));
    if (isEnough()) break;
  }
  const known = new Set(differences.map(({ key }) => key));
  for await (const keys of readModelKeys(consumers, table, batchKeys)) {
    if (isEnough()) break;
    const sights = await look({ products, consumers }, table, keys);
    const counted = [...sights].filter(
      ([, { source: row, model }]) => row !== undefined || model.digest !== null,
    );
    const owned = counted.filter(([, sight]) => sight.source === undefined && isEqual(sight));
    modelRows += counted.length - owned.length;
    // A key that both have was looked at already.
    await suspect(
      new Map(counted.filter(([key, { source: row }]) => row === undefined && !known.has(key))),
    );
  }
  await settleSuspects();
  return { sourceRows, modelRows, inFlight, differences, isCut };
}

function sightsOf(
  rows: readonly SourceRow[],
  models: ReadonlyMap<string, Sight['model']>,
): Map<string, Sight> {
  return new Map(
    rows.map((source) => [
      source.key,
      { source, model: models.get(source.key) ?? nothing(source.key) },
    ]),
  );
}

function nothing(key: string): Sight['model'] {
  return { key, digest: null, position: null, isDeleted: false, isParked: false, wrong: [] };
}

/** Keys as both sides show them now: the source is looked at first, so that a change it shows may be on its way. */
export async function look(
  { products, consumers }: Sides,
  table: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, Sight>> {
  const sources = await findSourceRows(products, table, keys);
  const models = await findModelRows(consumers, table, keys);
  return new Map(
    keys.map((key) => [key, { source: sources.get(key), model: models.get(key) ?? nothing(key) }]),
  );
}

/**
 * Tells what is different from what was on its way: looks at the suspects again once all that was committed before they
 * were seen has taken effect. One that has moved meanwhile is looked at another time, up to ten.
 *
 * @returns those that are not equal, each with its reason
 */
export async function settle(
  options: CheckOptions,
  table: ComparedTable,
  suspects: ReadonlyMap<string, Sight>,
): Promise<Difference[]> {
  const sides = { products: options.source.products, consumers: options.consumers };
  const different = new Map<string, Sight>();
  const early: Difference[] = [];
  let waiting = new Map(suspects);
  for (let round = 1; waiting.size > 0; round += 1) {
    const fence = await passConsumerFence(options, table);
    const moved = new Map<string, Sight>();
    for (const keys of chunksOf([...waiting.keys()])) {
      for (const [key, sight] of await look(sides, table, keys)) {
        const before = waiting.get(key);
        if (before === undefined || isEqual(sight)) continue;
        if (fence !== 'passed' && !sight.model.isParked) {
          early.push({ key, reason: fence, columns: [], sight });
        } else if (judge(before, sight) === 'different' || sight.model.isParked) {
          different.set(key, sight);
        } else if (round === MAX_ROUNDS) {
          early.push({ key, reason: 'unsettled', columns: [], sight });
        } else moved.set(key, sight);
      }
    }
    waiting = moved;
  }
  return [...early, ...(await explain(options, table, different))];
}

/** Gives each difference its reason. */
async function explain(
  options: CheckOptions,
  table: ComparedTable,
  sights: ReadonlyMap<string, Sight>,
): Promise<Difference[]> {
  if (sights.size === 0) return [];
  const { source, consumers, reader, codec } = options;
  const { products, admin } = source;
  const differences: Difference[] = [];
  const present = [...sights].filter(([, sight]) => sight.source !== undefined);
  const logged = await newestLogged(
    { reader, admin, codec },
    table.topic,
    new Set(present.map(([key]) => key)),
  );
  for (const keys of chunksOf([...sights.keys()])) {
    const parked = await parkedStates(consumers, table, keys);
    const shared = await foreignFields(consumers, table, keys);
    const wanted = await sourceValues(products, table, keys);
    const found = await modelValues(consumers, table, keys);
    for (const key of keys) {
      const sight = sights.get(key);
      // One that was parked and is no longer has been applied just now.
      if (sight === undefined || (sight.model.isParked && !parked.has(key))) continue;
      const columns = [
        ...differingColumns(table, wanted.get(key), found.get(key)),
        ...sight.model.wrong,
      ];
      const foreign = shared.get(key);
      const change = logged.get(key);
      const isCaptured =
        change !== undefined &&
        (await digestOfLogged(products, table, change)) === sight.source?.digest;
      const reason = reasonOf(sight, {
        parked: parked.get(key),
        isShared: columns.length > 0 && columns.every((column) => foreign?.has(column) === true),
        capturedAt: isCaptured ? change.position : undefined,
      });
      differences.push({ key, reason, columns, sight });
    }
  }
  return differences;
}

async function parkedStates(
  consumers: Pool,
  { consumer, entity }: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, 'retrying' | 'dead'>> {
  const { rows } = await consumers.query<{ key: string; state: 'retrying' | 'dead' }>(
    'select key, state from runtime.parked_keys where consumer = $1 and entity = $2 and key = any($3)',
    [consumer, entity, keys],
  );
  return new Map(rows.map(({ key, state }) => [key, state]));
}

/** Shared fields whose values are not the database's, by key. */
async function foreignFields(
  consumers: Pool,
  { consumer, entity }: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  const { rows } = await consumers.query<{ key: string; fields: string[] }>(
    `select key, array(select name from jsonb_each(fields) as f(name, field) where field ->> 'origin' <> 'cdc') as fields
     from runtime.shared_rows where consumer = $1 and entity = $2 and key = any($3)`,
    [consumer, entity, keys],
  );
  return new Map(rows.map(({ key, fields }) => [key, new Set(fields)]));
}

function chunksOf(keys: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let at = 0; at < keys.length; at += BATCH_KEYS) chunks.push(keys.slice(at, at + BATCH_KEYS));
  return chunks;
}
