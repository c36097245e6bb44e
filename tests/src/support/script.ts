import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Arguments with which Node runs a module beside the calling one, as source or compiled like itself.
 * @param name without extension, relative to `from`: `./main`
 * @param from the caller's `import.meta.url`
 */
export function scriptArgs(name: string, from: string): string[] {
  return [...process.execArgv, fileURLToPath(new URL(`${name}${extname(from)}`, from))];
}
