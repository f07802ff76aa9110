import { closeSync, constants, openSync } from 'node:fs';
import { EntryPaths } from './entry-paths.ts';
import type { EntryTable } from './entry-table.ts';
import { temporaryPath } from './temporary-names.ts';

const SLASH = Buffer.from('/');
/** The system refuses paths of 4096 bytes; room is left for a temporary name. */
const MAX_PATH_BYTES = 3500;

/**
 * Turns entries into paths that the system takes. Where a path would be longer than the system allows, a directory on the
 * way is held open and the path starts at `/proc/PID/fd/N`, which works from worker threads and helper programs too (Linux).
 */
export class TargetPaths {
  readonly #root: Buffer;
  readonly #table: EntryTable;
  readonly #short: EntryPaths;
  readonly #open = new Map<string, number>();

  constructor(target: string, table: EntryTable) {
    this.#root = target === '/' ? Buffer.alloc(0) : Buffer.from(target.replace(/\/+$/, ''));
    this.#table = table;
    this.#short = new EntryPaths(this.#root, table);
  }

  get root(): Buffer {
    return this.#root.length === 0 ? SLASH : this.#root;
  }

  /** The path of an entry; its directories must exist when the path is long. */
  of(entry: number): Buffer {
    return this.isLong(entry) ? this.#long(entry) : this.#short.of(entry);
  }

  /** Where a file stands until it has its path, see `EntryPaths`. */
  temporaryOf(entry: number, mark: string): Buffer {
    if (this.isLong(entry)) return temporaryPath(this.#long(entry), mark, entry);
    return this.#short.temporaryOf(entry, mark);
  }

  /** Whether the path is not simply made of the names from the root of the target down. */
  isLong(entry: number): boolean {
    return this.#short.lengthOf(entry) > MAX_PATH_BYTES;
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #long(entry: number): Buffer {
    const { folders, folderOf } = this.#table;
    const path = folders.segmentsBelowTarget(folderOf[entry] as number);
    path.push(this.#table.nameInTarget(entry));
    let base = this.#root;
    let from = 0;
    let length = base.length;
    for (let i = 0; i < path.length; i++) {
      const name = path[i] as Uint8Array;
      if (length + name.length + 1 > MAX_PATH_BYTES) {
        base = this.#held(path.slice(0, i), joined(base, path.slice(from, i)));
        from = i;
        length = base.length;
      }
      length += name.length + 1;
    }
    return joined(base, path.slice(from));
  }

  #held(path: readonly Uint8Array[], reachedBy: Buffer): Buffer {
    const key = joined(Buffer.alloc(0), path).toString('latin1');
    let fd = this.#open.get(key);
    if (fd === undefined) {
      fd = openSync(reachedBy, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      this.#open.set(key, fd);
    }
    return Buffer.from(`/proc/${process.pid}/fd/${fd}`);
  }
}

function joined(base: Buffer, path: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [base];
  for (const name of path) parts.push(SLASH, name);
  return Buffer.concat(parts);
}
