import { type Stack, startStack } from '@shelfcast/local/stack';
import { fromEnvironment } from './environment.ts';

/** A handle on the stack that all end-to-end files share; starting what already runs changes nothing. */
export function sharedStack(): Promise<Stack> {
  return startStack({
    stateDir: fromEnvironment('TEST_STATE_DIR'),
    portOffset: Number(fromEnvironment('TEST_PORT_OFFSET')),
  });
}
