import { hasCode, TriplicateError } from '../errors.ts';
import type { PackId } from '../ids.ts';
import type { StoredFile } from '../store/store.ts';
import { type LoadedIndex, loadIndex } from './blob-index.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';
import type { StoredSnapshot } from './snapshots.ts';

/** What `data/` holds, being listed; undefined where that failed. */
export type PackListing = Promise<readonly StoredFile[] | undefined>;

/** Begins to list the packs, for `areAllThere`. Only while a lock holds that keeps others from removing any. */
export function listPacksAhead({ store }: Pick<Repository, 'store'>, signal: AbortSignal | undefined): PackListing {
  return store.list('data', signal).catch(() => undefined);
}

/**
 * Looks whether every pack that the index names is there and not cut short, and sets the others aside: what was in them
 * is stored again as far as it still exists, instead of counting as stored. Gives how many.
 * @throws `repo/damaged` when none of them is there: that is rather a place that does not show its files; `store/…`
 */
export async function setLostPacksAside(
  { store }: Pick<Repository, 'store'>,
  { index }: LoadedIndex,
  signal: AbortSignal | undefined,
): Promise<number> {
  const expected = index.packFileSizes();
  if (expected.size === 0) return 0;
  const listed = sizesOf(await store.list('data', signal));
  const lost = lostOf(expected, listed);
  if (lost.length === expected.size && listed.size === 0) {
    throw new TriplicateError('repo/damaged', `None of the ${lost.length} files that hold the content is there.`, {
      hint: 'Is the place complete? Nothing was changed there. If its files are lost, start a new repository elsewhere.',
    });
  }
  const gone = await lostWhenAskedFor(store, expected, listed, signal);
  index.setAside(gone);
  return gone.length;
}

/** So many are asked for by name at first. When none of them is there, neither are the others. */
const SOME = 64;

/**
 * Those of the packs that are there and whole, though the listing leaves them out: some places list late, and a listing alone proves
 * nothing of what it leaves out. @throws `store/…` when the place gives no clear answer
 */
async function thereThoughUnlisted(
  store: Repository['store'],
  unlisted: readonly (readonly [id: PackId, size: number])[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<PackId>> {
  const there = new Set<PackId>();
  const ask = (packs: typeof unlisted): Promise<void> =>
    inParallel(packs, store.capabilities.connections, async ([id, size]) => {
      try {
        await store.get({ type: 'data', id }, { offset: size - 1, length: 1 }, signal);
        there.add(id);
      } catch (error) {
        if (!hasCode(error, 'store/not-found', 'store/corrupt')) throw error;
      }
    });
  await ask(unlisted.slice(0, SOME));
  if (there.size > 0) await ask(unlisted.slice(SOME));
  return there;
}

/** What the listing shows cut short, or does not show and is not there either. @throws `store/…` */
async function lostWhenAskedFor(
  store: Repository['store'],
  expected: ReadonlyMap<PackId, number>,
  listed: ReadonlyMap<string, number>,
  signal: AbortSignal | undefined,
): Promise<readonly PackId[]> {
  const unlisted = [...expected].filter(([id]) => !listed.has(id));
  const there = await thereThoughUnlisted(store, unlisted, signal);
  return lostOf(expected, listed).filter((id) => !there.has(id));
}

/**
 * Whether the index is gone, as a whole: it names the folders of no snapshot that is there, so that all content counts as
 * absent. That stays so while a run that was interrupted has stored some of an index anew. Gives also the index as it is now:
 * a first snapshot may have been stored since it was read.
 * @throws `repo/damaged`, `store/…`
 */
export async function lookForLostIndex(
  repository: Repository,
  loaded: LoadedIndex,
  snapshots: readonly StoredSnapshot[],
  signal: AbortSignal | undefined,
): Promise<{ readonly loaded: LoadedIndex; readonly indexLost: boolean }> {
  const trees = snapshots.flatMap(({ snapshot }) => snapshot.tree ?? []).reverse();
  const namesNone = ({ index }: LoadedIndex): boolean => !trees.some((tree) => index.has('tree', tree));
  // Where packs were set aside before, these are what is lost, and are told as such.
  if (trees.length === 0 || loaded.index.hasSetAside || !namesNone(loaded)) return { loaded, indexLost: false };
  const now = await loadIndex(repository, { known: loaded, ...(signal ? { signal } : {}) });
  return { loaded: now, indexLost: namesNone(now) };
}

/**
 * Whether every pack that the index names now is there, for work that goes on meanwhile. `ahead` is a listing that was begun
 * before the index was read: what it lacks may have been stored since, with the index that names it, so that the place is
 * asked again. @throws `store/…`
 */
export async function areAllThere(
  { store }: Pick<Repository, 'store'>,
  { index }: LoadedIndex,
  signal: AbortSignal | undefined,
  ahead: PackListing,
): Promise<boolean> {
  const expected = index.packFileSizes();
  if (expected.size === 0) return true;
  const early = await ahead;
  if (early && lostOf(expected, sizesOf(early)).length === 0) return true;
  const listed = sizesOf(await store.list('data', signal));
  return (await lostWhenAskedFor(store, expected, listed, signal)).length === 0;
}

function sizesOf(files: readonly StoredFile[]): ReadonlyMap<string, number> {
  return new Map(files.map(({ id, size }) => [id, size]));
}

function lostOf(expected: ReadonlyMap<PackId, number>, listed: ReadonlyMap<string, number>): readonly PackId[] {
  return [...expected].filter(([id, size]) => (listed.get(id) ?? 0) < size).map(([id]) => id);
}
