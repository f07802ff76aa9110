import { findAffected } from '../check/affected.ts';
import { readPacks } from '../check/read-packs.ts';
import type { AffectedSnapshot } from '../check/report.ts';
import type { Side } from '../copy/blob-transfer.ts';
import { TriplicateError, type WireError } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { packFileSize } from '../format/pack.ts';
import type { BlobId, PackId, TreeId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import { type LoadedIndex, loadIndex } from '../repository/blob-index.ts';
import { withLock } from '../repository/locks.ts';
import { removeFiles } from '../repository/remove-files.ts';
import { replaceIndex } from '../repository/replace-index.ts';
import type { Repository } from '../repository/repository.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { findMissing } from './find-missing.ts';
import { PutBack } from './put-back.ts';
import { type RepairIndexReport, repairIndexLocked } from './repair-index.ts';

export interface RepairPacksRequest {
  readonly repository: Repository;
  /** Where lost content is looked for, in this order; any key, compression and version of the format. */
  readonly others: readonly Repository[];
  readonly onProgress?: (progress: EngineProgress) => void;
  /** One of the others cannot be written to and is read without a lock; refused when absent. */
  readonly onUnlocked?: () => void;
  readonly signal?: AbortSignal;
}

export interface RepairPacksReport {
  /** `incomplete`: something that a snapshot needs is still missing, or a snapshot cannot be read. */
  readonly result: 'whole' | 'repaired' | 'incomplete';
  /** What was done to the index before the packs were read. */
  readonly index: RepairIndexReport;
  readonly packsRead: number;
  readonly bytesRead: number;
  /** Damaged packs. What was good in them lies in new packs now, and they are removed. */
  readonly packsReplaced: readonly PackId[];
  /** Packs that the place would not give, or not the same twice, and of which not everything is safe elsewhere: they are as they were. */
  readonly packsLeft: readonly PackId[];
  /** Pieces of content that were still good in the damaged packs. */
  readonly salvaged: number;
  /** Pieces of content that the other repositories had. */
  readonly fetched: number;
  readonly bytesAdded: number;
  /** Pieces of content that snapshots need and that are nowhere good. */
  readonly lost: number;
  readonly affected: readonly AffectedSnapshot[];
  /** What these need is not known; they stay where they are. */
  readonly unreadableSnapshots: readonly { readonly id: string; readonly error: WireError }[];
}

/**
 * Finds damaged and missing packs by reading all of them, and puts back what they held: what still verifies from the packs
 * themselves, the rest from the other repositories. Order (format, section 11): new packs, then the whole new index, then
 * the old index files go, then the damaged packs. Killed at any point, the repository holds no less than before, and the
 * next run goes on from there.
 * @throws `repo/damaged` when the listing of the packs cannot be believed; `usage` when one of the others is the same
 *   place; `repo/locked`, `store/…`, `cancelled`
 */
export function repairPacks(request: RepairPacksRequest): Promise<RepairPacksReport> {
  const { repository, others, signal } = request;
  const same = others.find(({ store }) => store.location === repository.store.location);
  if (same) throw new TriplicateError('usage', `${same.store.location} cannot be repaired from itself.`);
  return withLock(
    repository,
    'exclusive',
    (held, locked) => {
      const run = (reading: AbortSignal) => new RepairRun({ ...request, repository: locked }, reading).run();
      return withReadLocks(others, held, request, run);
    },
    { atEnd: 'must-be-there', ...(signal ? { signal } : {}) },
  );
}

function withReadLocks<T>(
  [first, ...rest]: readonly Repository[],
  signal: AbortSignal,
  request: RepairPacksRequest,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (!first) return work(signal);
  const { onUnlocked } = request;
  return withLock(first, 'shared', (held) => withReadLocks(rest, held, request, work), {
    signal,
    ...(onUnlocked ? { onUnwritable: onUnlocked } : {}),
  });
}

class RepairRun {
  readonly #request: RepairPacksRequest;
  readonly #repository: Repository;
  readonly #signal: AbortSignal;

  constructor(request: RepairPacksRequest, signal: AbortSignal) {
    this.#request = request;
    this.#repository = request.repository;
    this.#signal = signal;
  }

  async run(): Promise<RepairPacksReport> {
    const repository = this.#repository;
    const signal = this.#signal;
    const indexReport = await repairIndexLocked(repository, this.#request.onProgress, signal);
    const { snapshots, unreadable } = await listSnapshots(repository, signal);
    const loaded = await loadIndex(repository, { signal });
    const listed = await repository.store.list('data', signal);
    const sizes = new Map(listed.map(({ id, size }) => [id, size]));
    const { damaged, lostIn, packsRead, bytesRead } = await this.#findDamaged(loaded, sizes);
    loaded.index.setAside(damaged.map(({ id }) => id));

    const others = await Promise.all(this.#request.others.map((other) => this.#openSide(other)));
    let blobsDone = 0;
    const onBlob = (): void => this.#tell('storing', ++blobsDone, null, back.bytesAdded, null);
    const back = new PutBack({ repository, index: loaded.index }, others, onBlob, signal);
    await this.#putBack(back, damaged, sizes);
    const roots = snapshots.map(({ snapshot }) => snapshot.tree);
    const lost = await this.#putBackBelow(back, loaded, roots);
    this.#tell('finishing', blobsDone, null, back.bytesAdded, null);
    // A disk that fails to read today may read tomorrow: bytes that nobody has seen are no proof of damage, nor are those that were good
    // when the pack was read and did not come a second time.
    const isSafe = ({ id: packId, blobs }: IndexedPack): boolean =>
      blobs.every(({ type, id }) => loaded.index.has(type, id) || lostIn.get(packId)?.has(type, id));
    const left = new Set(damaged.filter((pack) => !isSafe(pack)));
    const replaced = damaged.filter((pack) => !left.has(pack)).map(({ id }) => id);
    await this.#switch(loaded, replaced, back.written);

    const affected = lost.size > 0 ? await findAffected(repository, loaded.index, snapshots, lost, signal) : [];
    const isWhole = indexReport.result === 'whole' && damaged.length + back.written.length === 0;
    return {
      result: lost.size + unreadable.length > 0 ? 'incomplete' : isWhole ? 'whole' : 'repaired',
      index: indexReport,
      packsRead,
      bytesRead,
      packsReplaced: replaced,
      packsLeft: [...left].map(({ id }) => id),
      salvaged: back.salvaged,
      fetched: back.fetched,
      bytesAdded: back.bytesAdded,
      lost: lost.size,
      affected,
      unreadableSnapshots: unreadable,
    };
  }

  async #openSide(repository: Repository): Promise<Side> {
    // One of its index files may be damaged too: what the others name is verified as it is read.
    const { index } = await loadIndex(repository, { onDamage: 'report', signal: this.#signal });
    return { repository, index };
  }

  /** Reads every pack. Damaged is what is not exactly what its name and the index say; `lostIn`: what of it is no more, where it was read. */
  async #findDamaged({ index }: LoadedIndex, sizes: ReadonlyMap<string, number>) {
    const packs = [...index.packs()];
    const total = packs.reduce((sum, pack) => sum + packFileSize(pack.blobs), 0);
    const ids = new Set<string>();
    const lostIn = new Map<string, BlobSet>();
    let done = 0;
    let bytes = 0;
    const { packsRead, bytesRead } = await readPacks(
      this.#repository,
      packs,
      sizes,
      ({ id, code }, bad) => {
        ids.add(id);
        if (code === 'pack-unreadable') return;
        const lost = new BlobSet();
        for (const { type, id: blob } of bad) lost.add(type, blob as BlobId);
        lostIn.set(id, lost);
      },
      (size) => {
        bytes += size;
        this.#tell('checking', ++done, packs.length, bytes, total);
      },
      this.#signal,
    );
    return { damaged: packs.filter(({ id }) => ids.has(id)), lostIn, packsRead, bytesRead };
  }

  /** Everything that the damaged packs held, whether a snapshot needs it or not: one that cannot be read may. */
  async #putBack(back: PutBack, damaged: readonly IndexedPack[], sizes: ReadonlyMap<string, number>): Promise<void> {
    if (damaged.length === 0) return;
    await back.fetch(await back.salvage(damaged, sizes));
    await back.store();
  }

  /** What the trees need and nobody names. A directory that is back may need more. Gives what cannot be put back. */
  async #putBackBelow(back: PutBack, { index }: LoadedIndex, roots: readonly TreeId[]): Promise<BlobSet> {
    const lost = new BlobSet();
    for (let trees = roots; trees.length > 0; ) {
      const missing = await findMissing(this.#repository, index, trees, this.#signal);
      // What is back and still cannot be read never will be.
      for (const name of missing.filter((one) => back.has(one))) lost.add(name.type, name.id);
      const wanted = missing.filter((name) => !back.has(name));
      for (const { type, id } of await back.fetch(wanted)) lost.add(type, id);
      await back.store();
      const nowBack = wanted.filter((name) => name.type === 'tree' && back.has(name));
      trees = nowBack.map(({ id }) => id as string as TreeId);
    }
    return lost;
  }

  /** From the damaged packs to the new ones. What was good in a pack lies elsewhere before it goes. */
  async #switch(
    { index, indexIds }: LoadedIndex,
    replaced: readonly PackId[],
    written: readonly IndexedPack[],
  ): Promise<void> {
    const gone = new Set(replaced);
    if (gone.size === 0) {
      await replaceIndex(this.#repository, written, [], this.#signal);
      return;
    }
    const kept = [...index.packs()].filter(({ id }) => !gone.has(id));
    await replaceIndex(this.#repository, kept, indexIds, this.#signal);
    await removeFiles(this.#repository, 'data', gone, this.#signal);
  }

  #tell(
    phase: 'checking' | 'storing' | 'finishing',
    filesDone: number,
    filesTotal: number | null,
    bytesDone: number,
    bytesTotal: number | null,
  ): void {
    this.#request.onProgress?.({ phase, filesDone, filesTotal, bytesDone, bytesTotal, currentPath: null });
  }
}
