import { type BigIntStats, linkSync, renameSync } from 'node:fs';
import { systemCode } from '../store/file-errors.ts';
import type { EntryTable } from './entry-table.ts';
import { removeQuietly } from './write-file.ts';

/** The file that each of these entries becomes another name of. All are numbers of entries, in their order. */
export type LinkPlan = ReadonlyMap<number, number>;

/**
 * Finds the names that were one file (format, section 9.2): same inode and device, and, because a wrong inode in a
 * snapshot must never cost content, the same content.
 */
export function planLinks(table: EntryTable): LinkPlan {
  const leaders = new Map<string, number>();
  const links = new Map<number, number>();
  for (let entry = 0; entry < table.count; entry++) {
    const key = table.isFile(entry) ? linkKey(table, entry) : undefined;
    if (key === undefined) continue;
    const leader = leaders.get(key);
    if (leader === undefined) {
      if (table.action(entry) !== 'kept') leaders.set(key, entry);
    } else if (table.isWritten(entry)) links.set(entry, leader);
  }
  return links;
}

/** While a restore is planned: tells which files that are one in the snapshot are several in the target, and the other way round. */
export class FoundLinks {
  readonly #table: EntryTable;
  /** By `linkKey`, the file that is there under the first of the names. */
  readonly #leaders = new Map<string, string>();
  /** By the file that is there, if it has several names, what it is in the snapshot. */
  readonly #taken = new Map<string, string>();

  constructor(table: EntryTable) {
    this.#table = table;
  }

  /**
   * Whether the file is to be written though its content is there: an earlier entry is another name of it in the snapshot and not in
   * the target, or in the target and not in the snapshot, where it has an owner, a mode and times of its own. To be asked of every file.
   * @param found the file that is there and stays; undefined when another will be written
   */
  standsApart(entry: number, found: BigIntStats | undefined): boolean {
    if (!this.#table.isFile(entry)) return false;
    const key = linkKey(this.#table, entry);
    // It had other names, and which they were is not known.
    if (key === undefined && (this.#table.rare(entry)?.links ?? 1) > 1) return false;
    const isTaken = found !== undefined && found.nlink > 1n && !this.#take(found, key ?? `${entry}`);
    if (key === undefined) return isTaken;
    const file = found && !isTaken ? fileOf(found) : 'written';
    const leader = this.#leaders.get(key);
    if (leader === undefined) this.#leaders.set(key, file);
    return isTaken || (leader !== undefined && leader !== file);
  }

  /** Whether the file that is there is no other one's already. */
  #take(found: BigIntStats, key: string): boolean {
    const file = fileOf(found);
    const owner = this.#taken.get(file);
    if (owner === undefined) this.#taken.set(file, key);
    return owner === undefined || owner === key;
  }
}

function fileOf({ dev, ino }: BigIntStats): string {
  return `${dev} ${ino}`;
}

function linkKey(table: EntryTable, entry: number): string | undefined {
  const { links = 1, inode = 0n, deviceId = 0n } = table.rare(entry) ?? {};
  if (links < 2 || inode === 0n || deviceId === 0n) return undefined;
  return `${deviceId} ${inode} ${table.sizes[entry]} ${table.contentOf(entry).join()}`;
}

/**
 * What systems say that give a file no other name there: on another disk, on a stick or share, beyond the most that it may have, or of
 * a file that is closed to changes.
 */
const REFUSED = new Set(['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL']);

/** Gives a file another name, unless the system refuses; a replaced one disappears only when the link stands. */
export function makeLink(
  leader: Buffer,
  path: Buffer,
  temporary: Buffer,
  existing: 'expected' | 'none',
): 'made' | 'refused' {
  try {
    linkSync(leader, existing === 'none' ? path : temporary);
  } catch (error) {
    if (!REFUSED.has(systemCode(error) ?? '')) throw error;
    return 'refused';
  }
  if (existing === 'none') return 'made';
  try {
    renameSync(temporary, path);
  } finally {
    // Renaming onto another name of the same file does nothing and leaves both.
    removeQuietly(temporary);
  }
  return 'made';
}
