import { join } from 'node:path';
import type { FileName, FileType } from './store.ts';

/** Where things lie in a repository folder (repository format, section 1). */

/** The folders that a new repository gets, root excluded: one a room, and the 256 of `data/`. */
export function repositoryFolders(): readonly string[] {
  const shards = Array.from({ length: 256 }, (_, byte) => join('data', byte.toString(16).padStart(2, '0')));
  return ['data', 'index', 'keys', 'locks', 'snapshots', ...shards];
}

/** The folder of an object, relative to the root; the root itself (`''`) for `config`. */
export function folderOf(name: FileName): string {
  if (name.type === 'config') return '';
  return name.type === 'data' ? join('data', name.id.slice(0, 2)) : name.type;
}

/** The path of an object, relative to the root. */
export function pathOf(name: FileName): string {
  return name.type === 'config' ? 'config' : join(folderOf(name), name.id);
}

/** How an object is called in messages. */
export function describeFile(type: FileType, id: string): string {
  return type === 'config' ? 'config' : `${type}/${id.slice(0, 8)}`;
}

/** restic's name for a file that is not whole yet. The `t` and the fixed length mark it as written by us. */
export function temporaryName(finalPath: string, random: Uint8Array): string {
  return `${finalPath}-tmp-t${Buffer.from(random).toString('hex')}`;
}

/** How many random bytes `temporaryName` takes. */
export const TEMPORARY_BYTES = 8;

const OUR_LEFTOVER = /^(?:config|[0-9a-f]{64})-tmp-t[0-9a-f]{16}$/;

/** True for a name that only `temporaryName` makes. */
export function isOurTemporary(name: string): boolean {
  return OUR_LEFTOVER.test(name);
}
