import type { Clock, Random } from '../engine/clock.ts';
import { TriplicateError } from '../engine/errors.ts';
import { openLocalStore } from '../engine/store/local-store.ts';
import type { WriteStore } from '../engine/store/store.ts';
import { parseLocation } from './location.ts';
import { systemRandom } from './system.ts';

export { describeLocation } from './location.ts';

export interface OpenStoreOptions {
  readonly clock: Clock;
  readonly random?: Random;
  readonly signal?: AbortSignal;
}

/**
 * The store at a location (`/path`, relative path, `file:…`, `rclone:REMOTE:PATH`, `rest:http(s)://…`), with the wrappers
 * that its kind needs. Close it: remote stores own processes.
 * @throws `store/bad-location`, `rclone/not-installed`
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<WriteStore> {
  const parsed = parseLocation(location);
  const random = options.random ?? systemRandom;
  switch (parsed.kind) {
    case 'local':
      return openLocalStore(parsed.path, { clock: options.clock, random });
    case 'rclone':
    case 'rest':
      throw new TriplicateError('store/bad-location', 'This kind of location cannot be opened yet.');
  }
}
