/** A key, or keys one after the other: `/`, `g o`, `Mod+k` (⌘ or Ctrl). */
export interface Shortcut {
  readonly keys: string;
  /** What it does, for the help: `Go to the overview`. */
  readonly label: string;
  readonly group: 'Go to' | 'Lists' | 'Everywhere' | 'This view';
  readonly run: () => void;
}

export interface KeyPress {
  readonly key: string;
  readonly isMod: boolean;
  readonly atMs: number;
}

/** The second key of a sequence has to come within this time. */
const SEQUENCE_MS = 1_200;

/**
 * Which shortcut a key press completes, and what is kept of it for the next press.
 * @param before the first key of a sequence that has begun
 */
export function matchKey(
  shortcuts: readonly Shortcut[],
  press: KeyPress,
  before: KeyPress | undefined,
): { readonly hit: Shortcut | undefined; readonly pending: KeyPress | undefined } {
  const own = press.isMod ? `Mod+${press.key.toLowerCase()}` : press.key;
  const isInTime = before !== undefined && press.atMs - before.atMs <= SEQUENCE_MS;
  const sequence = isInTime ? `${before.key} ${own}` : own;
  const hit =
    shortcuts.findLast(({ keys }) => keys === sequence) ??
    shortcuts.findLast(({ keys }) => keys === own);
  if (hit !== undefined) return { hit, pending: undefined };
  const begins = shortcuts.some(({ keys }) => keys.startsWith(`${own} `));
  return { hit: undefined, pending: begins ? press : undefined };
}
