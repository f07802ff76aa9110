import { hasCode, TriplicateError, throwIfCancelled, toWire, type WireError } from '../errors.ts';
import type { StoredPack } from '../format/index-file.ts';
import type { PackEntry } from '../format/pack.ts';
import type { PackId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import { type LoadedIndex, loadIndex } from '../repository/blob-index.ts';
import { inParallel } from '../repository/in-parallel.ts';
import { withLock } from '../repository/locks.ts';
import { readPackHeader } from '../repository/read-pack-header.ts';
import { replaceIndex } from '../repository/replace-index.ts';
import type { Repository } from '../repository/repository.ts';
import { expectPacksGone } from '../repository/unlisted.ts';
import type { StoredFile } from '../store/store.ts';

export interface RepairIndexRequest {
  readonly repository: Repository;
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

export interface RepairIndexReport {
  /** `whole`: the index was right, and nothing was written. */
  readonly result: 'whole' | 'rebuilt';
  /** Index files that could not be read. They are removed once the packs that they named are named again. */
  readonly unreadableFiles: readonly string[];
  /** Packs that no readable index named, or named wrongly: read off their own headers. */
  readonly packsRead: number;
  /** Packs that the index named and that are gone, asked for one by one. */
  readonly packsGone: readonly PackId[];
  /** Packs whose header cannot be read. `indexed`: what an index file says of them was kept; `unknown`: none does. */
  readonly packsUnreadable: readonly {
    readonly id: PackId;
    readonly state: 'indexed' | 'unknown';
    readonly error: WireError;
  }[];
}

/**
 * Makes the index name what the packs really hold. What readable index files say of packs of the right size stays; all
 * other packs are asked themselves. New index files are durable before an old one goes, so an interruption at any moment
 * leaves no less than there was. Removes no pack.
 * @throws `repo/damaged` and `store/list-incomplete` when the listing of the packs cannot be believed; `repo/locked`, `store/…`,
 *   `cancelled`
 */
export function repairIndex(request: RepairIndexRequest): Promise<RepairIndexReport> {
  const { repository, onProgress, signal } = request;
  return withLock(repository, 'exclusive', (held, locked) => repairIndexLocked(locked, onProgress, held), {
    atEnd: 'must-be-there',
    ...(signal ? { signal } : {}),
  });
}

/** `repairIndex` for a caller who holds the exclusive lock already. */
export async function repairIndexLocked(
  repository: Repository,
  onProgress: RepairIndexRequest['onProgress'],
  signal: AbortSignal,
): Promise<RepairIndexReport> {
  const loaded = await loadIndex(repository, { onDamage: 'report', signal });
  const listed = await repository.store.list('data', signal);
  const expected = loaded.index.packFileSizes();
  await refuseEmptyListing(repository, listed, expected.size + loaded.damaged.length, signal);
  const present = new Set(listed.map(({ id }) => id));
  const packsGone = [...expected.keys()].filter((id) => !present.has(id));
  await expectPacksGone(repository, packsGone, signal);
  const doubtful = listed.filter(({ id, size }) => expected.get(id as PackId) !== size);
  const { found, unreadable } = await readHeaders(repository, doubtful, onProgress, signal);
  await writeIndex(repository, loaded, found, new Set(packsGone), signal);
  return {
    result: found.size + packsGone.length + loaded.damaged.length > 0 ? 'rebuilt' : 'whole',
    unreadableFiles: loaded.damaged.map(({ id }) => id),
    packsRead: found.size,
    packsGone,
    packsUnreadable: unreadable.map(({ id, error }) => ({
      id,
      state: expected.has(id) ? 'indexed' : 'unknown',
      error,
    })),
  };
}

/** A place that shows no packs although something needs them does not show its files. */
async function refuseEmptyListing(
  repository: Repository,
  listed: readonly StoredFile[],
  namedByIndex: number,
  signal: AbortSignal,
): Promise<void> {
  if (listed.length > 0) return;
  if (namedByIndex === 0 && (await repository.store.list('snapshots', signal)).length === 0) return;
  throw new TriplicateError(
    'repo/damaged',
    `None of the files that hold the content is at ${repository.store.location}.`,
    {
      hint: 'Is the place complete? Nothing was changed there. If its files are lost, start a new repository elsewhere.',
    },
  );
}

interface ReadHeaders {
  readonly found: ReadonlyMap<PackId, readonly PackEntry[]>;
  readonly unreadable: readonly { readonly id: PackId; readonly error: WireError }[];
}

async function readHeaders(
  repository: Repository,
  packs: readonly StoredFile[],
  onProgress: RepairIndexRequest['onProgress'],
  signal: AbortSignal,
): Promise<ReadHeaders> {
  const found = new Map<PackId, readonly PackEntry[]>();
  const unreadable: { id: PackId; error: WireError }[] = [];
  let filesDone = 0;
  await inParallel(packs, repository.store.capabilities.connections, async (pack) => {
    throwIfCancelled(signal);
    const id = pack.id as PackId;
    try {
      found.set(id, await readPackHeader(repository, pack, signal));
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'store/corrupt', 'store/not-found')) throw error;
      unreadable.push({ id, error: toWire(error) });
    }
    onProgress?.({
      phase: 'checking',
      filesDone: ++filesDone,
      filesTotal: packs.length,
      bytesDone: 0,
      bytesTotal: null,
      currentPath: null,
    });
  });
  return { found, unreadable };
}

/** Rewrites all when an entry must go; otherwise what is good stays as it is and only what is new is written. */
async function writeIndex(
  repository: Repository,
  { index, indexIds, damaged }: LoadedIndex,
  found: ReadonlyMap<PackId, readonly PackEntry[]>,
  gone: ReadonlySet<PackId>,
  signal: AbortSignal,
): Promise<void> {
  const corrected = [...found.keys()].filter((id) => index.hasPack(id));
  const mustRewrite = gone.size + corrected.length > 0;
  const packs: StoredPack[] = [...found].map(([id, blobs]) => ({ id, blobs }));
  if (mustRewrite) for (const pack of index.packs()) if (!gone.has(pack.id) && !found.has(pack.id)) packs.push(pack);
  const old = [...(mustRewrite ? indexIds : []), ...damaged.map(({ id }) => id)];
  await replaceIndex(repository, packs, old, signal);
}
