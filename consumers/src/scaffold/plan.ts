import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { camelCase, type NewConsumer, Refusal } from './names.ts';
import { addConsumer, addGroup } from './register.ts';

/** Files to be written: text by path from the root of the checkout. */
export type Plan = ReadonlyMap<string, string>;

const TEMPLATE = 'consumers/template';
const GROUPS = 'schemas/src/consumer-groups.ts';
const REGISTERED = 'consumers/src/registered.ts';

/** Where a template file goes that is not named like what it becomes. */
const PLACES: Readonly<Record<string, (name: string) => string>> = {
  'migration.sql': (name) => `consumers/src/${name}/migrations/0001_items.sql`,
  'e2e.ts': (name) => `tests/src/consumers/${name}.e2e.ts`,
};

/**
 * Everything that a new consumer adds to a checkout, and nothing written yet.
 * @throws {Refusal} where something is there already
 */
export function planConsumer(root: string, consumer: NewConsumer): Plan {
  const { name } = consumer;
  const text = (path: string) => readFileSync(join(root, path), 'utf8');
  const added = renderTemplate(join(root, TEMPLATE), consumer);
  for (const path of [`consumers/src/${name}`, ...added.keys()]) {
    if (existsSync(join(root, path))) throw new Refusal(`${path} is there already.`);
  }
  return new Map([
    ...added,
    [GROUPS, addGroup(text(GROUPS), name)],
    [REGISTERED, addConsumer(text(REGISTERED), { name, identifier: camelCase(name) })],
  ]);
}

/** The template's files with their placeholders filled in, by the path that they get. */
export function renderTemplate(folder: string, { name, table, column }: NewConsumer): Plan {
  const values: Readonly<Record<string, string>> = {
    name,
    table,
    column,
    identifier: camelCase(name),
    property: camelCase(column),
    entity: table.replace(/^public\./, ''),
  };
  const plan = new Map<string, string>();
  for (const file of readdirSync(folder).sort()) {
    const plain = file.replace(/\.txt$/, '');
    const path = PLACES[plain]?.(name) ?? `consumers/src/${name}/${plain}`;
    const text = readFileSync(join(folder, file), 'utf8').replace(
      /\{\{(\w+)\}\}/g,
      (placeholder, key: string) => values[key] ?? placeholder,
    );
    plan.set(path, text);
  }
  return plan;
}
