import { lstatSync, readdirSync } from 'node:fs';
import type { EntryTable } from './entry-table.ts';
import { ROOT } from './folder-table.ts';
import type { MountedDisks } from './mounted-disks.ts';
import type { TargetPaths } from './target-paths.ts';

/** Two entries of one folder that are one thing in the target. */
export interface OneName {
  readonly entry: number;
  readonly other: number;
}

/**
 * Finds what a file system that knows no case (sticks, shares) has taken for one: folders that lie in each other, a file that took the
 * place of another. Looks at nothing where names with another case are other names.
 * @param isThere whether the entry counts as restored
 */
export function* findOneName(
  table: EntryTable,
  paths: TargetPaths,
  mounted: MountedDisks,
  isThere: (entry: number) => boolean,
): Generator<OneName> {
  if (!knowsNoCase(table, paths, mounted, isThere)) return;
  const known = new Map<string, number>();
  for (let entry = 0; entry < table.count; entry++) {
    if (!isThere(entry)) continue;
    const key = `${table.folderOf[entry]} ${folded(table.nameInTarget(entry))}`;
    const other = known.get(key);
    if (other === undefined) known.set(key, entry);
    else if (areOne(paths.of(other), paths.of(entry))) yield { entry, other };
  }
}

function folded(name: Uint8Array): string {
  return Buffer.from(name).toString('utf8').normalize('NFKC').toLowerCase();
}

/** Asks each disk by the first name on it that has a case. */
function knowsNoCase(
  table: EntryTable,
  paths: TargetPaths,
  mounted: MountedDisks,
  isThere: (entry: number) => boolean,
): boolean {
  const asked = new Set<number>();
  for (let entry = 0; entry < table.count && asked.size <= mounted.size; entry++) {
    const folder = table.folderOf[entry] as number;
    const disk = mounted.has(folder) ? folder : ROOT;
    if (asked.has(disk) || !isThere(entry)) continue;
    const path = paths.of(entry);
    const other = inOtherCase(path);
    if (!other) continue;
    asked.add(disk);
    if (areOne(path, other)) return true;
  }
  return false;
}

/** The path with its name in the other case; undefined when that has none. */
function inOtherCase(path: Buffer): Buffer | undefined {
  const other = Buffer.from(path);
  for (let at = path.lastIndexOf('/') + 1; at < path.length; at++) {
    const letter = (path[at] as number) | 0x20;
    if (letter >= 0x61 && letter <= 0x7a) other[at] = (path[at] as number) ^ 0x20;
  }
  return other.equals(path) ? undefined : other;
}

/** Whether both names are there and the folder lists only one of them: numbers of inodes say nothing on what is mounted by a program. */
function areOne(one: Buffer, other: Buffer): boolean {
  const names = [one, other].map((path) => path.subarray(path.lastIndexOf('/') + 1).toString('latin1'));
  try {
    if (![one, other].every((path) => lstatSync(path, { throwIfNoEntry: false }))) return false;
    const listed = readdirSync(one.subarray(0, one.lastIndexOf('/') + 1), 'latin1');
    return !names.every((name) => listed.includes(name));
  } catch {
    return false; // it cannot be looked at, so nothing was restored there
  }
}
