import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock, Random } from '../engine/clock.ts';
import { cached } from '../engine/store/cached-store.ts';
import { limited, type StoreLimits } from '../engine/store/limited-store.ts';
import { openLocalStore } from '../engine/store/local-store.ts';
import { retrying } from '../engine/store/retrying-store.ts';
import type { FileType, WriteStore } from '../engine/store/store.ts';
import { describeLocation, parseLocation } from './location.ts';
import { systemRandom } from './system.ts';

export { describeLocation } from './location.ts';

export interface OpenStoreOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly limits?: StoreLimits;
  /** Where index and snapshot files of remote places are kept, sealed as they are there. Absent: nothing is; so for a check. */
  readonly cacheFolder?: string;
  /** Which of them; both when absent. */
  readonly cachedRooms?: ReadonlySet<FileType>;
  /** What rclone is found and started with; the process's own by default. */
  readonly variables?: NodeJS.ProcessEnv;
}

/**
 * The store at a location (`/path`, relative path, `file:…`, `rclone:REMOTE:PATH`, `rest:http(s)://…`), with the wrappers
 * that its kind needs. Nothing is contacted before the first call. Close it: remote stores own processes.
 * @throws `store/bad-location`, `rclone/not-installed`
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<WriteStore> {
  const { clock, limits, cacheFolder, cachedRooms, random = systemRandom } = options;
  const plain = await openPlain(location, { clock, random }, options.variables);
  const store =
    cacheFolder !== undefined && plain.capabilities.remote
      ? cached(plain, {
          folder: join(cacheFolder, cacheName(plain.location)),
          random,
          ...(cachedRooms ? { rooms: cachedRooms } : {}),
        })
      : plain;
  return limits === undefined ? store : limited(store, limits, clock);
}

async function openPlain(
  text: string,
  host: { readonly clock: Clock; readonly random: Random },
  variables: NodeJS.ProcessEnv = process.env,
): Promise<WriteStore> {
  const parsed = parseLocation(text);
  const location = describeLocation(text.trim());
  switch (parsed.kind) {
    case 'local':
      return openLocalStore(parsed.path, host);
    case 'rclone': {
      // Loaded only where it is needed: it is half of what a small command would load.
      const { openRcloneStore } = await import('../rclone/open-rclone-store.ts');
      return retrying(await openRcloneStore({ remote: parsed.remote, location, ...host, variables }), host);
    }
    case 'rest': {
      const { createHttpTransport } = await import('../engine/store/http-transport.ts');
      const { openRestStore } = await import('../engine/store/rest-store.ts');
      return retrying(openRestStore({ location, transport: createHttpTransport(parsed.url), ...host }), host);
    }
  }
}

/** One folder a location; the name tells nothing. */
function cacheName(location: string): string {
  return createHash('sha256').update(location).digest('hex').slice(0, 32);
}
