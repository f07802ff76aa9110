import type { Nanoseconds } from '../clock.ts';
import type { FileName, FileType, StoredFile } from './store.ts';

/** Where things lie in a repository, the same on a disk and at a remote (repository format, section 1). Paths use `/`. */

/** The folders that a new repository gets, root excluded: one a room, and the 256 of `data/`. */
export function repositoryFolders(): readonly string[] {
  const shards = Array.from({ length: 256 }, (_, byte) => `data/${byte.toString(16).padStart(2, '0')}`);
  return ['data', 'index', 'keys', 'locks', 'snapshots', ...shards];
}

/** The folder of an object, relative to the root; the root itself (`''`) for `config`. */
export function folderOf(name: FileName): string {
  if (name.type === 'config') return '';
  return name.type === 'data' ? `data/${name.id.slice(0, 2)}` : name.type;
}

/** The path of an object, relative to the root. */
export function pathOf(name: FileName): string {
  return name.type === 'config' ? 'config' : `${folderOf(name)}/${name.id}`;
}

/**
 * Names that are made from content which is sealed anew each time, so that nobody else has put anything there. A repair puts packs
 * where they were (and what is left of one may be readable); there is one config for all.
 */
export const OURS_ALONE: ReadonlySet<FileType> = new Set(['index', 'snapshots', 'locks', 'keys']);

/**
 * Each object once, as the place named it first: some clouds hold two files of one name, and folders of a network that change while they
 * are listed name a file twice. Counted twice a version would cost another one its place, or itself its own.
 */
export function eachOnce(files: readonly StoredFile[]): readonly StoredFile[] {
  const ids = new Set<string>();
  return files.filter(({ id }) => ids.size < ids.add(id).size);
}

/** How an object is called in messages. */
export function describeFile(type: FileType, id: string): string {
  return type === 'config' ? 'config' : `${type}/${id.slice(0, 8)}`;
}

/** How many random bytes `temporaryName` takes. */
export const TEMPORARY_BYTES = 4;

/**
 * restic's name for a file that is not whole yet. The `t`, the fixed length and the second of its making mark it as
 * written by us and say how old it is, also where a place keeps no times.
 */
export function temporaryName(finalPath: string, now: Nanoseconds, random: Uint8Array): string {
  const second = (now / 1_000_000_000n).toString(16).padStart(8, '0').slice(-8);
  return `${finalPath}-tmp-t${second}${Buffer.from(random).toString('hex')}`;
}

const OUR_TEMPORARY = /(?:^|\/)(?:config|[0-9a-f]{64})-tmp-t([0-9a-f]{8})[0-9a-f]{8}$/;
const LEFTOVER_AGE_SECONDS = 24 * 60 * 60;

/** True for what an interrupted write of ours left behind more than a day ago: longer than any write can take. */
export function isOldLeftover(path: string, now: Nanoseconds): boolean {
  const second = OUR_TEMPORARY.exec(path)?.[1];
  return second !== undefined && Number(now / 1_000_000_000n) - Number.parseInt(second, 16) > LEFTOVER_AGE_SECONDS;
}
