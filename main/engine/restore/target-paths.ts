import { closeSync, constants, openSync } from 'node:fs';
import type { PathSegments } from '../walk/walk-tree.ts';

const SLASH = Buffer.from('/');
/** The system refuses paths of 4096 bytes; room is left for a temporary name. */
const MAX_PATH_BYTES = 3500;

/**
 * Turns names below the target into paths that the system takes. Where a path would be longer than the system allows,
 * a directory on the way is held open and the path starts at `/proc/PID/fd/N`, which works from worker threads and
 * helper programs too (Linux).
 */
export class TargetPaths {
  readonly #root: Buffer;
  readonly #open = new Map<string, number>();

  constructor(target: string) {
    this.#root = target === '/' ? Buffer.alloc(0) : Buffer.from(target.replace(/\/+$/, ''));
  }

  get root(): Buffer {
    return this.#root.length === 0 ? SLASH : this.#root;
  }

  /** The path of an entry; its directories must exist when the path is long. */
  of(path: PathSegments): Buffer {
    let length = this.#root.length;
    for (const name of path) length += name.length + 1;
    if (length <= MAX_PATH_BYTES) return joined(this.#root, path);
    return this.#long(path);
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }

  #long(path: PathSegments): Buffer {
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

  #held(path: PathSegments, reachedBy: Buffer): Buffer {
    const key = joined(Buffer.alloc(0), path).toString('latin1');
    let fd = this.#open.get(key);
    if (fd === undefined) {
      fd = openSync(reachedBy, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      this.#open.set(key, fd);
    }
    return Buffer.from(`/proc/${process.pid}/fd/${fd}`);
  }
}

function joined(base: Buffer, path: PathSegments): Buffer {
  const parts: Uint8Array[] = [base];
  for (const name of path) parts.push(SLASH, name);
  return Buffer.concat(parts);
}
