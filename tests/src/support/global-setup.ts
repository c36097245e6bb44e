import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startStack } from '@shelfcast/local/stack';
import { stopAll } from '@shelfcast/local/supervisor/client';

/** A stack of its own, so that tests pass while a developer's stack runs; TEST_PORT_OFFSET lets two checkouts test at once. */
export const testStack = {
  stateDir: fileURLToPath(new URL('../../../.shelfcast/test', import.meta.url)),
  portOffset: Number(process.env.TEST_PORT_OFFSET ?? 11_000),
};

/** Starts the whole pipeline from nothing; all end-to-end files share it and get its addresses as environment. */
export async function setup(): Promise<{
  env: Record<string, string>;
  teardown: () => Promise<void>;
}> {
  await stopAll(testStack.stateDir); // what an interrupted run may have left
  rmSync(testStack.stateDir, { recursive: true, force: true });
  const stack = await startStack(testStack);
  return {
    env: {
      ...stack.env,
      TEST_POSTGRES_URL: stack.urls.postgres('products'),
      TEST_STATE_DIR: testStack.stateDir,
      TEST_PORT_OFFSET: `${testStack.portOffset}`,
    },
    teardown: () => stack.stop(),
  };
}
