import { parseEnv } from 'node:util';
import { checkoutRoot } from './checkout.ts';
import { readIfPresent } from './files.ts';

/** A setting in `.env.example`, which shows those with a default as comments. */
const SHOWN = /^#?([A-Z][A-Z0-9_]*)=/gm;

/** Read by the stack alone, which tells the services what comes of it. */
const STACK_ALONE = /^(JAVA_HOME|SHELFCAST_STATE_DIR|BROKERS|PORT_OFFSET|[A-Z_]+_PORT)$/;

/**
 * What the environment says about the settings that `.env` and `.env.example` name. Handed to the services by
 * description rather than by inheritance, so that a later start sees what has changed.
 */
export function configuredVariables(
  env: Readonly<Record<string, string | undefined>>,
  folder: string = checkoutRoot,
): Record<string, string> {
  const example = readIfPresent(`${folder}.env.example`) ?? '';
  const names = new Set([
    ...[...example.matchAll(SHOWN)].map(([, name = '']) => name),
    ...Object.keys(parseEnv(readIfPresent(`${folder}.env`) ?? '')),
  ]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const value = env[name];
      return value?.trim() && !STACK_ALONE.test(name) ? [[name, value]] : [];
    }),
  );
}
