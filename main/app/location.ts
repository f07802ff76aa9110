import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TriplicateError } from '../engine/errors.ts';
import { ownHome } from './home-folder.ts';

/** A parsed location: where a destination is, by the way in which it is reached. */
export type Location =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'rclone'; readonly remote: string }
  | { readonly kind: 'rest'; readonly url: URL };

/**
 * Reads `/path`, a relative path, `~/path`, `file:…`, `rclone:REMOTE:PATH` or `rest:http(s)://…`.
 * @throws `store/bad-location` when it is none of these.
 */
export function parseLocation(text: string): Location {
  const location = text.trim();
  if (location === '') throw badLocation('The location is empty.');
  if (location.startsWith('rclone:')) return parseRclone(location.slice('rclone:'.length));
  if (location.startsWith('rest:')) return parseRest(location.slice('rest:'.length));
  if (location.startsWith('file:')) return { kind: 'local', path: parseFileUrl(location) };
  if (location.startsWith('~/')) return { kind: 'local', path: resolve(ownHome(), location.slice(2)) };
  if (/^[a-z][a-z0-9+.-]+:/i.test(location) && !isAbsolute(location)) {
    throw badLocation(`The location ${describeLocation(location)} has a beginning that is not known.`);
  }
  return { kind: 'local', path: resolve(location) };
}

/** Whether it is reached over the network, as far as the location tells: a share that is mounted looks like a folder. */
export function isRemote(location: string): boolean {
  return /^(rclone|rest):/.test(location);
}

/** An option of a connection string, as rclone reads it: a quote is one only where the value begins. */
const OPTION = /[^=,:]*(?:=(?:"(?:[^"]|"")*"|'(?:[^']|'')*'|(?:[^"':,][^:,]*)?))?/.source;
/** Its options come before the path: `:sftp,host=…,pass=…:path`. */
const CONNECTION = new RegExp(`^(rclone::?[^:,/]*),(?:${OPTION}(?:,${OPTION})*:|.*$)`, 's');

/**
 * The location for a person and for logs: user names and passwords in it are left out, and all of a connection string that cannot
 * be read.
 */
export function describeLocation(text: string): string {
  // Up to the last @ before the path: a password may have one in it.
  const hidden = text.replace(/(\/\/)[^/]*@/, '$1');
  return hidden.replace(CONNECTION, (all, begin: string) => (all.endsWith(':') ? `${begin},…:` : `${begin},…`));
}

function parseRclone(remote: string): Location {
  // A plain path is fine (rclone's local backend), a bare word is not: `rclone:backup` would mean a folder here.
  const named = remote.indexOf(':', 1) > 0;
  if (remote === '' || (!named && !isAbsolute(remote))) {
    throw badLocation('An rclone location is rclone:REMOTE:PATH.');
  }
  return { kind: 'rclone', remote };
}

function parseRest(text: string): Location {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw badLocation('A REST location is rest:http://… or rest:https://….');
  }
  return { kind: 'rest', url };
}

function parseFileUrl(location: string): string {
  try {
    return location.startsWith('file://') ? fileURLToPath(location) : resolve(location.slice('file:'.length));
  } catch (error) {
    throw badLocation(`The location ${location} is not a file address of this computer.`, error);
  }
}

function badLocation(message: string, cause?: unknown): TriplicateError {
  return new TriplicateError('store/bad-location', message, cause === undefined ? {} : { cause });
}
