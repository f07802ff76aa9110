import { lstatSync } from 'node:fs';
import type { CutsDone } from '../workers/backup-messages.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import { type BytePath, forSystem } from './byte-path.ts';

/** From this size on several workers share a file. */
export const LONG_FILE_BYTES = 64 * 1024 * 1024;
/** What one worker looks through for cuts before the next question. */
const CUTS_BYTES = 64 * 1024 * 1024;
/** What one worker then stores in one go. */
const STORE_BYTES = 16 * 1024 * 1024;
/** Parts whose cuts are known and that are not stored yet: enough for every worker, and still in the system's cache. */
const PARTS_AHEAD = 8;

export interface LongFile {
  readonly path: BytePath;
  readonly size: number;
  readonly changeTime: bigint;
}

/**
 * Stores a long file with all workers: one looks for the cuts, which must be done from front to back and is the smallest
 * part of the work; all of them read, hash, compress and seal what lies between. Gives the ids of its chunks, 32 bytes each, or
 * undefined when the file is not as it was seen, or cannot be read: then it is for the usual way to say what it is.
 */
export async function storeLongFile(pool: BackupPool, file: LongFile): Promise<Uint8Array | undefined> {
  const { path, size, changeTime } = file;
  const findCuts = (from: number): Promise<CutsDone> =>
    pool.findCuts({ path, size, changeTime, from, bytes: CUTS_BYTES });
  const parts: Promise<Uint8Array | undefined>[] = [];
  let from = 0;
  let next: Promise<CutsDone> | undefined = findCuts(from);
  while (next) {
    const { ends, isEndOfFile }: CutsDone = await next;
    const end = ends.at(-1);
    if (end === undefined) return undefined;
    // Asked for before its forerunners are stored, so that nobody waits for cuts. A part may end where the file does.
    next = isEndOfFile || end === size ? undefined : findCuts(end);
    next?.catch(() => undefined);
    for (const bounds of partsOf(from, ends)) {
      const part = pool
        .storeChunks(path, bounds)
        .then(({ ids }) => (ids.length === (bounds.length - 1) * 32 ? ids : undefined));
      part.catch(() => undefined);
      parts.push(part);
    }
    from = end;
    await parts[parts.length - PARTS_AHEAD - 1];
  }
  const ids = await Promise.all(parts);
  return from === size && isStill(file) && ids.every((part) => part !== undefined) ? Buffer.concat(ids) : undefined;
}

function* partsOf(from: number, ends: Float64Array): Generator<Float64Array> {
  let bounds = [from];
  for (const end of ends) {
    bounds.push(end);
    if (end - (bounds[0] ?? 0) < STORE_BYTES) continue;
    yield Float64Array.from(bounds);
    bounds = [end];
  }
  if (bounds.length > 1) yield Float64Array.from(bounds);
}

/** What has been read in many pieces is one version of the file only if nothing changed meanwhile. */
function isStill({ path, size, changeTime }: LongFile): boolean {
  try {
    const stat = lstatSync(forSystem(path), { bigint: true });
    return stat.isFile() && stat.ctimeNs === changeTime && Number(stat.size) === size;
  } catch {
    return false;
  }
}
