import { isAbsolute, join } from 'node:path';
import { type RemoteSettings, remoteSettings } from './remote-settings.ts';
import { holdControl } from './shared-control.ts';

/** Kinds of remotes that keep their files at another remote, which their option `remote` names. */
const WRAPPERS: ReadonlySet<string> = new Set(['alias', 'crypt', 'compress', 'chunker', 'hasher', 'cache']);
/** Remotes that stand on each other in a circle would never end. */
const MOST_LAYERS = 10;

/** Where a remote keeps its files in the end, however it is wrapped. */
export interface RemotePlace {
  /** The folder of this computer; null for all others, and where that cannot be told from rclone's configuration. */
  readonly folder: string | null;
  /** rclone's name of the kind of what is below all wrappers, as far as that can be told. */
  readonly type: string | null;
}

/** @param remote `remote:path`, a connection string, or a path */
export async function placeOfRemote(remote: string, variables: NodeJS.ProcessEnv = process.env): Promise<RemotePlace> {
  if (isAbsolute(remote)) return { folder: remote, type: 'local' };
  const { control, environment, release } = await holdControl(variables);
  try {
    let place = remote;
    for (let layer = 0; layer < MOST_LAYERS; layer++) {
      if (isAbsolute(place)) return { folder: place, type: 'local' };
      const settings: RemoteSettings = await remoteSettings(control, environment, place);
      const type = typeof settings.type === 'string' ? settings.type : null;
      // Where options are given inline only rclone can tell where the path begins.
      const [, name, path = ''] = /^(:?[^:,/]+):(.*)$/s.exec(place) ?? [];
      if (name === undefined || type === null) return { folder: null, type };
      if (type === 'local') return { folder: isAbsolute(path) ? path : null, type };
      if (!WRAPPERS.has(type) || typeof settings.remote !== 'string') return { folder: null, type };
      place = path === '' ? settings.remote : below(settings.remote, path);
    }
    return { folder: null, type: null };
  } finally {
    await release();
  }
}

function below(remote: string, path: string): string {
  return remote.endsWith(':') ? `${remote}${path}` : join(remote, path);
}
