import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack } from '@shelfcast/local/stack';
import { stopAll } from '@shelfcast/local/supervisor/client';
import type { LaneStack } from '../runner/lane.ts';
import { ownStack } from './own-stack.ts';

const STATE_DIR = fileURLToPath(new URL('../../../.shelfcast/test', import.meta.url));
/** Lanes are far enough apart that no two ports of theirs, or of their files' own stacks, are the same. */
const LANE_STRIDE = 1_200;

/**
 * The stack of one lane of the test runner: the whole pipeline, begun from nothing, apart from the one a developer runs.
 * TEST_PORT_OFFSET lets two checkouts test at once.
 */
export function laneStack(lane: number): LaneStack {
  const stateDir = join(STATE_DIR, `lane-${lane}`);
  const portOffset = Number(process.env.TEST_PORT_OFFSET ?? 11_000) + lane * LANE_STRIDE;
  const env = { TEST_STATE_DIR: stateDir, TEST_PORT_OFFSET: `${portOffset}` };
  return {
    env,
    logFolders: [stateDir, ownStack(env).stateDir].map((folder) => join(folder, 'logs')),
    async start() {
      await stopAll(stateDir); // what an interrupted run may have left
      rmSync(stateDir, { recursive: true, force: true });
      const stack = await startStack({ stateDir, portOffset });
      return { ...stack.env, ...env, TEST_POSTGRES_URL: stack.urls.postgres('products') };
    },
    async stop() {
      await stopAll(stateDir);
    },
  };
}
