import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors.ts';

const VERSION = /-\d[\w.-]*\.jar$/;

/**
 * Puts newer jars in the places of older ones of a program whose manifest names each file: the names stay.
 * @param from folder of the newer ones, `<group>.<artifact>-<version>.jar`; gone afterwards
 * @param into folder of the program's, named likewise
 * @throws {LocalError} `DOWNLOAD` when there is no place for one
 */
export function renewJars({ from, into }: { readonly from: string; readonly into: string }): void {
  const places = new Map(readdirSync(into).map((name) => [name.replace(VERSION, ''), name]));
  for (const name of readdirSync(from)) {
    const place = places.get(name.replace(VERSION, ''));
    if (place === undefined) {
      throw new LocalError(
        'DOWNLOAD',
        `The registry has no jar that ${name} could take the place of.`,
      );
    }
    renameSync(join(from, name), join(into, place));
  }
  rmSync(from, { recursive: true });
}
