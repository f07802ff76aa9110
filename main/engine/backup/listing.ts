import { lstatSync, readdirSync } from 'node:fs';
import { type BytePath, bytesOf, forSystem, joinBytePath, textOf } from './byte-path.ts';
import { type EntryStat, typeOf } from './entry.ts';
import type { Selection } from './selection.ts';
import { StatRows } from './stat-rows.ts';

/** Numbers in a row of stats; their order is that of the constants below. */
export const STAT_FIELDS = 10;
export const [MODE, UID, GID, LINKS, INODE, DEVICE, DEVICE_NUMBER, SIZE, MTIME, CTIME] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;

/**
 * What is in a directory and not excluded, in the order of raw names. In columns: an object for each entry would be most
 * of the cost of looking at a directory in which nothing has changed, and could not be handed to another thread.
 */
export interface Listing {
  readonly count: number;
  /** Entries that the person's rules leave out. */
  readonly excluded: number;
  /** The names' bytes, one after another. */
  readonly names: Buffer;
  /** Where each name ends. */
  readonly ends: Uint32Array;
  /** A row of `STAT_FIELDS` for each entry: what lstat says; all zeros where it fails, or says what a row cannot hold. */
  readonly stats: BigInt64Array<ArrayBuffer>;
  /** 32 bytes that no other path and listing has, see `printOf`; null where it was not made. */
  readonly print: Uint8Array | null;
}

/**
 * Lists a directory with synchronous calls: a promise for each would cost three times as much.
 * @param path the real path, for the rules
 * @param access the path that system calls take
 * @throws what readdir throws
 */
export function listDirectory(path: BytePath, access: BytePath, selection: Selection): Listing {
  const found = readdirSync(forSystem(access), { encoding: 'latin1' }) as BytePath[];
  let kept = selection.keptNames(found, access);
  if (selection.hasPatterns) kept = kept.filter((name) => !selection.excludes(textOf(joinBytePath(path, name))));
  // By code units, which here are bytes.
  kept.sort();
  const ends = new Uint32Array(kept.length);
  const stats = new BigInt64Array(kept.length * STAT_FIELDS);
  let end = 0;
  for (const [position, name] of kept.entries()) {
    end += name.length;
    ends[position] = end;
    readStat(joinBytePath(access, name), stats, position * STAT_FIELDS);
  }
  const names = bytesOf(kept.join('') as BytePath);
  return { count: kept.length, excluded: found.length - kept.length, names, ends, stats, print: null };
}

/** Tells folders apart, whatever their paths are. */
export type FolderIdentity = Pick<EntryStat, 'ino' | 'dev'>;

/** Whether it is this folder that has the path, which may be a link by now, or lead through one. */
export function isStillAt(path: BytePath, { ino, dev }: FolderIdentity): boolean {
  const now = lstatSync(forSystem(path), { bigint: true, throwIfNoEntry: false });
  return now?.isDirectory() === true && now.ino === ino && now.dev === dev;
}

function readStat(path: BytePath, stats: BigInt64Array, at: number): void {
  try {
    const stat = lstatSync(forSystem(path), { bigint: true });
    // Some file systems hold times that 64 bits of nanoseconds do not.
    if (!fits(stat.mtimeNs) || !fits(stat.ctimeNs)) return;
    stats[at + MODE] = stat.mode;
    stats[at + UID] = stat.uid;
    stats[at + GID] = stat.gid;
    stats[at + LINKS] = stat.nlink;
    stats[at + INODE] = stat.ino;
    stats[at + DEVICE] = stat.dev;
    stats[at + DEVICE_NUMBER] = stat.rdev;
    stats[at + SIZE] = stat.size;
    stats[at + MTIME] = stat.mtimeNs;
    stats[at + CTIME] = stat.ctimeNs;
  } catch {
    // The walk asks again, and meets the error where it can name it.
  }
}

function fits(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** What is in a directory: files and their bytes, and the places of directories. */
export function countListing({ count, stats }: Listing): {
  readonly files: number;
  readonly bytes: number;
  readonly directories: readonly number[];
} {
  const rows = new StatRows(stats);
  const directories: number[] = [];
  let files = 0;
  let bytes = 0;
  for (let position = 0; position < count; position++) {
    const row = position * STAT_FIELDS;
    const type = typeOf(rows.number(row + MODE));
    if (type === 'dir') directories.push(position);
    if (type !== 'file') continue;
    files++;
    bytes += rows.number(row + SIZE);
  }
  return { files, bytes, directories };
}

export function nameAt({ names, ends }: Listing, position: number): BytePath {
  return names.toString('latin1', nameStart(ends, position), ends[position]) as BytePath;
}

/** Where a name begins among the names of a listing. @param ends where each ends */
export function nameStart(ends: Uint32Array, position: number): number {
  return position === 0 ? 0 : (ends[position - 1] as number);
}

/** Null where the walk has to ask itself. */
export function statAt({ stats }: Listing, position: number): EntryStat | null {
  const at = position * STAT_FIELDS;
  const signed = (field: number): bigint => stats[at + field] as bigint;
  const unsigned = (field: number): bigint => BigInt.asUintN(64, signed(field));
  if (signed(MODE) === 0n) return null;
  return {
    mode: signed(MODE),
    uid: signed(UID),
    gid: signed(GID),
    nlink: signed(LINKS),
    ino: unsigned(INODE),
    dev: unsigned(DEVICE),
    rdev: unsigned(DEVICE_NUMBER),
    size: signed(SIZE),
    mtimeNs: signed(MTIME),
    ctimeNs: signed(CTIME),
  };
}
