import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { TriplicateError } from '../engine/errors.ts';

/** Where rclone may be: named by the user, brought along by the packaged app, installed on the system; in this order. */
export async function findRclone(variables: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = variables.TRIPLICATE_RCLONE;
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new TriplicateError('rclone/not-installed', `TRIPLICATE_RCLONE names ${named}, which cannot be run.`);
  }
  const file = process.platform === 'win32' ? 'rclone.exe' : 'rclone';
  for (const folder of [...packagedFolder(), ...(variables.PATH ?? '').split(delimiter)]) {
    const candidate = join(folder, file);
    if (folder !== '' && (await isExecutable(candidate))) return candidate;
  }
  throw new TriplicateError('rclone/not-installed', 'rclone is not installed.');
}

/** Electron's folder of resources; plain Node has none. */
function packagedFolder(): readonly string[] {
  const resources = 'resourcesPath' in process ? process.resourcesPath : undefined;
  return typeof resources === 'string' ? [join(resources, 'rclone')] : [];
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
