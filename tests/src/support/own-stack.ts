import { rmSync } from 'node:fs';
import { stopAll } from '@shelfcast/local/supervisor/client';
import { fromEnvironment } from './environment.ts';

/** Where a test file runs a second stack, beside the one of its lane. A lane runs one file at a time, so one place is enough. */
export interface OwnStack {
  readonly stateDir: string;
  readonly portOffset: number;
}

export function ownStack(
  {
    TEST_STATE_DIR,
    TEST_PORT_OFFSET,
  }: {
    readonly TEST_STATE_DIR: string;
    readonly TEST_PORT_OFFSET: string;
  } = laneOfThisFile(),
): OwnStack {
  return { stateDir: `${TEST_STATE_DIR}-own`, portOffset: Number(TEST_PORT_OFFSET) + 500 };
}

/** Ends what an interrupted run may have left there, and removes its state. */
export async function clearOwnStack(): Promise<OwnStack> {
  const own = ownStack();
  await stopAll(own.stateDir);
  rmSync(own.stateDir, { recursive: true, force: true });
  return own;
}

function laneOfThisFile(): { TEST_STATE_DIR: string; TEST_PORT_OFFSET: string } {
  return {
    TEST_STATE_DIR: fromEnvironment('TEST_STATE_DIR'),
    TEST_PORT_OFFSET: fromEnvironment('TEST_PORT_OFFSET'),
  };
}
