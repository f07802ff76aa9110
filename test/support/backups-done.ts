import { expect } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import type { App } from '../../main/app/compose.ts';

/** The app's backups, newest first. */
export function backupsOf(app: App): readonly Run[] {
  return app.runs.list({ kinds: ['backup'] });
}

/** Waits until the app has made so many backups, and all are done. */
export async function backupsDone(app: App, count: number): Promise<void> {
  const states = () => backupsOf(app).map(({ state }) => state);
  await expect.poll(states, { timeout: 20_000 }).toEqual(Array(count).fill('done'));
}
