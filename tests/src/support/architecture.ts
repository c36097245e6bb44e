import { dirname, join, relative } from 'node:path/posix';

/** A source file, by its path from the checkout's root. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** One file uses another of the checkout, or a package. */
interface Import {
  readonly from: string;
  readonly to: string;
  /** Nothing of it is there when the program runs. */
  readonly isType: boolean;
}

/** Folders of the consumers' runtime, lowest first: each imports from its own floor and from those below. */
const FLOORS: readonly (readonly string[])[] = [
  ['intake', 'positions', 'parking', 'outbox'],
  ['shared-fields'],
  ['contract'],
  ['apply'],
  ['crash-loop', 'reports'],
  ['batch', 'retry', 'sweep'],
  ['reconcile'],
  ['commands'],
  ['.'],
];
const RUNTIME = 'consumers/src/runtime';
const KAFKAJS_FOLDER = 'service-kit/src/kafka/';

/** Where a process begins: there its environment is read, and handed on. `local` starts processes and gives them theirs. */
const BEGINS = /(^|\/)(main|[a-z-]*cli)\.ts$|^local\/src\/|^bench\/|\/cli\//;
const TEST = /\.test\.ts$|\/testing\//;

/** Doors of packages that are for tests alone; what else is not of a face, `exports` does not let through. */
const FOR_TESTS = /^@shelfcast\/[a-z-]+\/(internals|testing)\//;

/** Variables of modules, each with its reason. */
const STATE_WITH_A_REASON: readonly string[] = [
  // Remembers what never changes: the number of decimals of a currency.
  'consumers/src/effective-price/effective-price.ts: minorUnits',
  // A note on objects of kafkajs, which has no place for it; it goes with them.
  'service-kit/src/kafka/client/kafkajs/generations.ts: isEarlier',
  // A note on events of the live stream, which makes their text once for all clients; it goes with them.
  'monitor/src/relay/filter.ts: searched',
  // The module is the body of a worker thread.
  'service-kit/src/process/event-loop-watchdog.ts: seen',
  'service-kit/src/process/event-loop-watchdog.ts: seenAtMs',
  'service-kit/src/process/event-loop-watchdog.ts: stillMs',
];

/** Sentences that name each forbidden import or variable; empty when the house is in order. */
export function architectureFaults(sources: readonly Source[]): string[] {
  const product = sources.filter(({ path }) => !TEST.test(path));
  const imports = product.flatMap(importsOf);
  return [
    ...imports.flatMap(floorFault),
    ...imports.flatMap(kafkajsFault),
    ...imports.flatMap(faceFault),
    ...product.flatMap(environmentFault),
    ...product.flatMap(stateFault),
    ...circlesOf(imports.filter(({ isType }) => !isType)),
  ];
}

function importsOf({ path, text }: Source): Import[] {
  const found = text.matchAll(
    /^(?:import|export)\b( type\b)?[^'";]*?\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...found].map(([, type, name, dynamic]) => {
    const to = name ?? dynamic ?? '';
    return {
      from: path,
      to: to.startsWith('.') ? join(dirname(path), to) : to,
      isType: type !== undefined,
    };
  });
}

function floorFault({ from, to }: Import): string[] {
  if (!from.startsWith(`${RUNTIME}/`) || !to.startsWith('consumers/src/')) return [];
  if (!to.startsWith(`${RUNTIME}/`)) return [`${from} is of the runtime and imports ${to}`];
  return floorOf(to) > floorOf(from) ? [`${from} imports ${to}, of a floor above it`] : [];
}

function floorOf(path: string): number {
  const inside = relative(RUNTIME, path);
  const folder = inside.includes('/') ? dirname(inside) : '.';
  const floor = FLOORS.findIndex((folders) => folders.includes(folder));
  if (floor === -1) throw new Error(`${path}: FLOORS does not have its folder`);
  return floor;
}

function kafkajsFault({ from, to }: Import): string[] {
  return /^kafkajs(\/|$)/.test(to) && !from.startsWith(KAFKAJS_FOLDER)
    ? [`${from} imports kafkajs, which is for ${KAFKAJS_FOLDER} alone`]
    : [];
}

function faceFault({ from, to }: Import): string[] {
  return FOR_TESTS.test(to) ? [`${from} imports ${to}, which is for tests alone`] : [];
}

function environmentFault({ path, text }: Source): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return /\bprocess\.env\b/.test(code) && !BEGINS.test(path)
    ? [`${path} reads process.env: its main hands on what it needs`]
    : [];
}

function stateFault({ path, text }: Source): string[] {
  if (/(^|\/)main\.ts$|\.d\.ts$/.test(path)) return [];
  const found = text.matchAll(
    /^(?:let (\w+)|const (\w+) = new (?:Map|Set|WeakMap|WeakSet)(?:<[^;]*>)?\(\))/gm,
  );
  return [...found]
    .map(([, variable, collection]) => `${path}: ${variable ?? collection}`)
    .filter((one) => !STATE_WITH_A_REASON.includes(one))
    .map((one) => `${one} is state of a module: an object is to own it`);
}

/** Files that lead back to themselves by what they import. */
function circlesOf(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const faults: string[] = [];
  const done = new Set<string>();
  function visit(file: string, way: readonly string[]): void {
    const at = way.indexOf(file);
    if (at !== -1) faults.push(`a circle of imports: ${[...way.slice(at), file].join(' → ')}`);
    if (at !== -1 || done.has(file)) return;
    for (const to of next.get(file) ?? []) visit(to, [...way, file]);
    done.add(file);
  }
  for (const file of next.keys()) visit(file, []);
  return faults;
}
