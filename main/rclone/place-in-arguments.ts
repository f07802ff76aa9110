import { randomBytes } from 'node:crypto';
import { TriplicateError } from '../engine/errors.ts';
import { asFolder } from './as-folder.ts';
import type { Environment } from './environment.ts';

/** A place as it is named to a program that is being started. */
export interface PlaceInArguments {
  /** For its arguments, which everybody on the machine may read. */
  readonly argument: string;
  /** For its environment, which only the user may read. */
  readonly variables: Environment;
  /** For a message. */
  readonly shown: string;
}

/** Options come after a comma, and an address may hold a login. In a path either is harmless, and treated alike. */
const MAY_HOLD_SECRETS = /,|\/\/[^/]*@/;

/** Where the options of a connection string stand: before the first colon, slash or backslash there is a comma. */
const HAS_OPTIONS = /^:?[^:,/\\]*,/;

/**
 * Names a place without its secrets. `remote:path` stays as it is; a connection string (`:sftp,host=…,pass=…:path`,
 * `remote,option=…:path`) becomes the goal of an alias that only this one program knows, by its environment. So it is
 * rclone alone that reads the string, by its own rules, and wrapped places (`:crypt,remote="…"`) work as well.
 * @throws `store/bad-location` for one that would not arrive as it was written
 */
export function placeInArguments(remote: string, platform: NodeJS.Platform = process.platform): PlaceInArguments {
  if (!MAY_HOLD_SECRETS.test(remote)) return { argument: asFolder(remote), variables: {}, shown: remote };
  // On Windows an alias takes each of them for a separator of folders, those in a password too (`JoinRootPath` in rclone).
  if (platform === 'win32' && HAS_OPTIONS.test(remote) && remote.includes('\\')) {
    throw new TriplicateError(
      'store/bad-location',
      'A connection string of rclone with a \\ in it cannot be used here.',
      {
        hint: 'Write / in paths instead, or make a remote of these options with `rclone config` and use rclone:REMOTE:PATH.',
      },
    );
  }
  // By chance, so that it is no name of the user's own; such that a shell passes the variables on.
  const name = `triplicate_${randomBytes(8).toString('hex')}`;
  const prefix = `RCLONE_CONFIG_${name.toUpperCase()}`;
  const variables = { [`${prefix}_TYPE`]: 'alias', [`${prefix}_REMOTE`]: asFolder(remote) };
  return { argument: `${name}:`, variables, shown: 'The place' };
}
