import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Builds the interface as it is shipped, when it is older than its source. */
export async function buildRenderer(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build.ts', '--if-stale', 'renderer'], {
    // Vitest's own NODE_ENV would put React's development build into the interface.
    env: { ...process.env, NODE_ENV: 'production' },
  });
}
