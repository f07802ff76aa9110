import { isAbsolute, join } from 'node:path';
import { type RemoteSettings, remoteSettings } from './remote-settings.ts';
import { holdControl } from './shared-control.ts';

/** Kinds of remotes that keep their files at another remote, which their option `remote` names. */
const WRAPPERS: ReadonlySet<string> = new Set(['alias', 'crypt', 'compress', 'chunker', 'hasher', 'cache']);
/** Remotes that stand on each other in a circle would never end. */
const MOST_LAYERS = 10;

/**
 * The folder of this computer on which a remote stands, however it is wrapped; null for all others, and where that cannot be
 * told from rclone's configuration. @param remote `remote:path`, a connection string, or a path
 */
export async function folderOfRemote(
  remote: string,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<string | null> {
  if (isAbsolute(remote)) return remote;
  const { control, environment, release } = await holdControl(variables);
  try {
    let place = remote;
    for (let layer = 0; layer < MOST_LAYERS; layer++) {
      if (isAbsolute(place)) return place;
      // Where options are given inline only rclone can tell where the path begins.
      const [, name, path = ''] = /^(:?[^:,/]+):(.*)$/s.exec(place) ?? [];
      if (name === undefined) return null;
      const settings: RemoteSettings = await remoteSettings(control, environment, place);
      if (settings.type === 'local') return isAbsolute(path) ? path : null;
      if (typeof settings.type !== 'string' || !WRAPPERS.has(settings.type)) return null;
      if (typeof settings.remote !== 'string') return null;
      place = path === '' ? settings.remote : below(settings.remote, path);
    }
    return null;
  } finally {
    await release();
  }
}

function below(remote: string, path: string): string {
  return remote.endsWith(':') ? `${remote}${path}` : join(remote, path);
}
