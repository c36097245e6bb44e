import type { Consumer } from '../runtime/contract/definition.ts';

/**
 * The consumer that was named, if its read model can be built anew.
 * @throws Error with one sentence for whoever named it
 */
export function rebuildable(registered: readonly Consumer[], name: string | undefined): Consumer {
  const names = registered.map((definition) => definition.name).join(', ');
  if (name === undefined || name === '') throw new Error(`Say which: CONSUMER=… (${names}).`);
  const found = registered.find((definition) => definition.name === name);
  if (found === undefined) throw new Error(`There is no consumer ${name}; there are ${names}.`);
  const { rebuild } = found;
  if (rebuild !== undefined && !('refused' in rebuild)) return found;
  throw new Error(
    `${name} cannot be rebuilt: ${rebuild?.refused ?? 'its definition has no rebuild (docs/writing-a-consumer.md, “Building it anew”).'}`,
  );
}
