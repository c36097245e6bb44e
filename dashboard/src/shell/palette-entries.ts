/** Something that the palette does. */
export interface PaletteEntry {
  readonly id: string;
  readonly label: string;
  readonly group: 'Find' | 'Go to' | 'Do';
  /** The keys that do the same. */
  readonly keys?: string;
  readonly run: () => void;
}

/** The entries whose label has every word of the text, those that begin with it first. */
export function matchEntries(entries: readonly PaletteEntry[], text: string): PaletteEntry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = ({ label }: PaletteEntry) =>
    label.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1;
  return entries
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
    .sort((a, b) => rank(a) - rank(b));
}
