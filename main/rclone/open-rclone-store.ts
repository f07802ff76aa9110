import type { Clock, Random } from '../engine/clock.ts';
import { openRestStore } from '../engine/store/rest-store.ts';
import type { WriteStore } from '../engine/store/store.ts';
import { takeLink } from './rclone-link.ts';
import { RcloneTruth } from './rclone-truth.ts';

export interface RcloneStoreOptions {
  /** rclone's name of the place: `remote:path`, a connection string, or a path. */
  readonly remote: string;
  /** As it may be shown: without secrets. */
  readonly location: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly variables?: NodeJS.ProcessEnv;
}

/**
 * The repository at an rclone remote: bytes through a process of its own, questions through the shared control process.
 * Neither starts before the first call, unless `beginLink` was called for the remote.
 * @throws `rclone/not-installed`, `store/bad-location`
 */
export async function openRcloneStore(options: RcloneStoreOptions): Promise<WriteStore> {
  const { remote, location, clock, random } = options;
  const { session: transport, control, environment, release } = await takeLink(remote, options.variables);
  const truth = new RcloneTruth({ control, environment, remote, location, release });
  return openRestStore({ location, transport, truth, clock, random });
}
