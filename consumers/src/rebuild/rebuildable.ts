import type { Consumer } from '../runtime/contract/definition.ts';

/**
 * The consumer of that name, if its read model can be rebuilt.
 * @throws Error with one sentence for the person who named it
 */
export function rebuildable(registered: readonly Consumer[], name: string | undefined): Consumer {
  const names = registered.map((definition) => definition.name).join(', ');
  if (name === undefined || name === '') throw new Error(`Say which: CONSUMER=… (${names}).`);
  const found = registered.find((definition) => definition.name === name);
  if (found === undefined) throw new Error(`There is no consumer ${name}; there are ${names}.`);
  const { rebuild } = found;
  if (rebuild !== undefined && !('refused' in rebuild)) return found;
  throw new Error(
    `${name} cannot be rebuilt: ${rebuild?.refused ?? 'its definition has no rebuild (docs/writing-a-consumer.md, “Rebuilding it”).'}`,
  );
}
