/** Adds a name to the list in schemas/src/consumer-groups.ts; a formatter has the last word on line breaks. */
export function addGroup(source: string, name: string): string {
  return replaceOnce(source, /,?\s*\] as const;/, `, '${name}'] as const;`);
}

/** Adds a consumer to consumers/src/registered.ts: its import behind the others, its entry at the end. */
export function addConsumer(
  source: string,
  { name, identifier }: { readonly name: string; readonly identifier: string },
): string {
  const imported = replaceOnce(
    source,
    /^(import [^\n]*\n)(?!import )/m,
    `$1import { ${identifier} } from './${name}/consumer.ts';\n`,
  );
  const entry = name === identifier ? name : `${name}: ${identifier}`;
  return replaceOnce(imported, /,?\s*\};/, `,\n  ${entry},\n};`);
}

function replaceOnce(source: string, pattern: RegExp, replacement: string): string {
  if (!pattern.test(source)) throw new Error(`no place to add a consumer, which ${pattern} tells`);
  return source.replace(pattern, replacement);
}
