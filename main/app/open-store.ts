import type { Clock, Random } from '../engine/clock.ts';
import { createHttpTransport } from '../engine/store/http-transport.ts';
import { limited, type StoreLimits } from '../engine/store/limited-store.ts';
import { openLocalStore } from '../engine/store/local-store.ts';
import { openRestStore } from '../engine/store/rest-store.ts';
import { retrying } from '../engine/store/retrying-store.ts';
import type { WriteStore } from '../engine/store/store.ts';
import { openRcloneStore } from '../rclone/open-rclone-store.ts';
import { describeLocation, parseLocation } from './location.ts';
import { systemRandom } from './system.ts';

export { describeLocation } from './location.ts';

export interface OpenStoreOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly limits?: StoreLimits;
  /** What rclone is found and started with; the process's own by default. */
  readonly variables?: NodeJS.ProcessEnv;
}

/**
 * The store at a location (`/path`, relative path, `file:…`, `rclone:REMOTE:PATH`, `rest:http(s)://…`), with the wrappers
 * that its kind needs. Nothing is contacted before the first call. Close it: remote stores own processes.
 * @throws `store/bad-location`, `rclone/not-installed`
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<WriteStore> {
  const { clock, limits } = options;
  const store = await openPlain(location, { clock, random: options.random ?? systemRandom }, options.variables);
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
    case 'rclone':
      return retrying(await openRcloneStore({ remote: parsed.remote, location, ...host, variables }), host);
    case 'rest':
      return retrying(openRestStore({ location, transport: createHttpTransport(parsed.url), ...host }), host);
  }
}
