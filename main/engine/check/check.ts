import { hasCode, toWire } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { parseKeyFile } from '../format/key-file.ts';
import { packFileSize } from '../format/pack.ts';
import type { BlobId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import { type BlobIndex, loadIndex } from '../repository/blob-index.ts';
import { listLocks } from '../repository/locks.ts';
import type { Repository } from '../repository/repository.ts';
import { listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { markReachable } from '../walk/reachable.ts';
import { findAffected } from './affected.ts';
import { readPacks } from './read-packs.ts';
import type { CheckReport, Finding } from './report.ts';

export interface CheckRequest {
  readonly repository: Repository;
  /** `structure`: everything but the content of files. `data`: every byte, or the part of the packs that `subset` names. */
  readonly read: 'structure' | 'data';
  /** Part `part` (from 1) of `of` parts; over `of` runs each pack is read once. */
  readonly subset?: { readonly part: number; readonly of: number };
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Says what is damaged, what that costs, and what can still be restored. Changes nothing and takes no lock; call it
 * within one when others may delete. @throws `store/…` when the place cannot be reached, `cancelled`
 */
export async function check(request: CheckRequest): Promise<CheckReport> {
  return new CheckRun(request).run();
}

/** Stands for all packs: reading tried every place. */
const EVERYWHERE = '*';

class CheckRun {
  readonly #request: CheckRequest;
  readonly #repository: Repository;
  readonly #findings: Finding[] = [];
  /** Bad copies: a blob in the pack where it cannot be read. */
  readonly #badCopies = new Map<
    string,
    { readonly type: 'data' | 'tree'; readonly id: BlobId; readonly packs: Set<string> }
  >();

  constructor(request: CheckRequest) {
    this.#request = request;
    this.#repository = request.repository;
  }

  async run(): Promise<CheckReport> {
    const { signal } = this.#request;
    this.#tell('planning', 0, null, 0, null);
    await this.#checkKeys();
    await this.#checkLocks();
    const { snapshots, unreadable } = await listSnapshots(this.#repository, signal);
    for (const { id, error } of unreadable) {
      this.#found({
        code: 'snapshot-unreadable',
        level: 'error',
        id,
        error,
        text: `Snapshot ${short(id)} ${error.code === 'store/not-found' ? 'is listed and is not there' : 'cannot be read'}.`,
      });
    }
    const { index, damaged } = await loadIndex(this.#repository, { onDamage: 'report', ...(signal ? { signal } : {}) });
    for (const { id, error } of damaged) {
      this.#found({
        code: 'index-unreadable',
        level: 'error',
        id,
        error,
        text: `Index file ${short(id)} cannot be read.`,
      });
    }
    const { present, sizes } = await this.#checkPacks(index, snapshots);
    await this.#checkTrees(index, snapshots);
    const { packsRead, bytesRead, good } = await this.#readData(present, sizes);
    const lost = this.#lostBlobs(index, good);
    const affected = lost.size > 0 ? await findAffected(this.#repository, index, snapshots, lost, signal) : [];
    return {
      result: this.#findings.some(({ level }) => level === 'error') ? 'damaged' : 'good',
      findings: this.#findings,
      affected,
      snapshots: snapshots.length,
      packs: index.packCount,
      blobs: index.blobCount,
      packsRead,
      bytesRead,
    };
  }

  async #checkKeys(): Promise<void> {
    const { store } = this.#repository;
    for (const { id } of await store.list('keys', this.#request.signal)) {
      try {
        parseKeyFile(await store.get({ type: 'keys', id }, undefined, this.#request.signal));
      } catch (error) {
        if (!hasCode(error, 'repo/damaged', 'repo/unsupported', 'store/corrupt')) throw error;
        const text = `Key file ${short(id)} cannot be read; restic stops at it even if another key is right.`;
        this.#found({ code: 'key-unreadable', level: 'warning', id, error: toWire(error), text });
      }
    }
  }

  async #checkLocks(): Promise<void> {
    for (const { id, lock } of await listLocks(this.#repository, this.#request.signal)) {
      if (lock) continue;
      const error = toWire(new Error('The lock cannot be read.'));
      this.#found({ code: 'lock-unreadable', level: 'note', id, error, text: `Lock ${short(id)} cannot be read.` });
    }
  }

  /** The index against the listing. Gives the packs that are there, and what is listed. */
  async #checkPacks(
    index: BlobIndex,
    snapshots: readonly StoredSnapshot[],
  ): Promise<{ readonly present: readonly IndexedPack[]; readonly sizes: ReadonlyMap<string, number> }> {
    const sizes = new Map(
      (await this.#repository.store.list('data', this.#request.signal)).map((one) => [one.id, one.size]),
    );
    const listed = new Map(sizes);
    const present: IndexedPack[] = [];
    if (index.packCount === 0 && (listed.size > 0 || snapshots.length > 0)) {
      this.#found({ code: 'no-index', level: 'error', id: '', text: 'There is no index, so nothing can be found.' });
    }
    if (index.packCount > 0 && snapshots.length === 0) {
      const text = 'There is data, but no snapshot is to be seen: unless all were removed, the place is not complete.';
      this.#found({ code: 'no-snapshot', level: 'warning', id: '', text });
    }
    for (const pack of index.packs()) {
      const bytes = listed.get(pack.id);
      listed.delete(pack.id);
      const expected = packFileSize(pack.blobs);
      const { id } = pack;
      if (bytes === undefined) {
        this.#found({ code: 'pack-missing', level: 'error', id, text: `Pack ${short(id)} is missing.` });
        this.#badCopy(pack.id, pack.blobs);
        continue;
      }
      present.push(pack);
      if (bytes !== expected) {
        const text = `Pack ${short(id)} has ${bytes} bytes instead of ${expected}.`;
        this.#found({ code: 'pack-size', level: 'error', id, bytes, expected, text });
        this.#badCopy(
          id,
          pack.blobs.filter(({ offset, length }) => offset + length > bytes),
        );
      }
      if (new Set(pack.blobs.map(({ type }) => type)).size > 1) {
        const text = `Pack ${short(id)} holds files and folders together; prune sorts them.`;
        this.#found({ code: 'pack-mixed', level: 'note', id, count: pack.blobs.length, text });
      }
    }
    const unsure = this.#findings.some(({ code }) => code === 'index-unreadable' || code === 'no-index');
    const why = unsure ? 'no index that can be read' : 'no index: left over from an interrupted run; prune removes it';
    for (const id of listed.keys()) {
      const text = `Pack ${short(id)} is in ${why}.`;
      this.#found({ code: 'pack-unindexed', level: 'note', id, text });
    }
    return { present, sizes };
  }

  async #checkTrees(index: BlobIndex, snapshots: readonly StoredSnapshot[]): Promise<void> {
    const missing = new BlobSet();
    const roots = snapshots.map(({ snapshot }) => snapshot.tree);
    await markReachable(
      this.#repository,
      index,
      roots,
      new BlobSet(),
      {
        tree: (_, nodes) => {
          for (const content of nodes.flatMap((node) => node.content ?? [])) {
            if (index.has('data', content) || missing.add('data', content) === 'known') continue;
            this.#blob('blob-missing', 'data', content, `Content ${short(content)} is in no index.`);
          }
        },
        unreadable: (id, error) => {
          const code = error.code === 'repo/blob-missing' ? 'blob-missing' : 'blob-damaged';
          this.#blob(code, 'tree', id, `Folder ${short(id)} cannot be read: ${error.message}`);
        },
      },
      this.#request.signal,
    );
  }

  async #readData(present: readonly IndexedPack[], sizes: ReadonlyMap<string, number>) {
    const { read, subset, signal } = this.#request;
    if (read === 'structure') return { packsRead: 0, bytesRead: 0, good: new BlobSet() };
    const packs = subset
      ? present.filter(({ id }) => Number.parseInt(id.slice(0, 2), 16) % subset.of === subset.part - 1)
      : present;
    const total = packs.reduce((sum, pack) => sum + packFileSize(pack.blobs), 0);
    let done = 0;
    let bytes = 0;
    return readPacks(
      this.#repository,
      packs,
      sizes,
      (finding, bad) => {
        this.#found(finding);
        this.#badCopy(finding.id, bad as readonly { type: 'data' | 'tree'; id: BlobId }[]);
      },
      (size) => {
        bytes += size;
        this.#tell('checking', ++done, packs.length, bytes, total);
      },
      signal,
    );
  }

  /** A blob is lost when every copy of it is bad. */
  #lostBlobs(index: BlobIndex, good: BlobSet): BlobSet {
    const lost = new BlobSet();
    for (const { type, id, packs } of this.#badCopies.values()) {
      if (good.has(type, id)) continue;
      if (index.lookupAll(type, id).every(({ packId }) => packs.has(packId) || packs.has(EVERYWHERE)))
        lost.add(type, id);
    }
    return lost;
  }

  #badCopy(pack: string, blobs: readonly { readonly type: 'data' | 'tree'; readonly id: BlobId }[]): void {
    for (const { type, id } of blobs) {
      const key = `${type} ${id}`;
      const known = this.#badCopies.get(key);
      if (known) known.packs.add(pack);
      else this.#badCopies.set(key, { type, id, packs: new Set([pack]) });
    }
  }

  #blob(code: 'blob-missing' | 'blob-damaged', type: 'data' | 'tree', id: BlobId, text: string): void {
    this.#found({ code, level: 'error', id, type, text });
    this.#badCopy(EVERYWHERE, [{ type, id }]);
  }

  #found(finding: Finding): void {
    this.#findings.push(finding);
  }

  #tell(
    phase: 'planning' | 'checking',
    filesDone: number,
    filesTotal: number | null,
    bytesDone: number,
    bytesTotal: number | null,
  ): void {
    this.#request.onProgress?.({ phase, filesDone, filesTotal, bytesDone, bytesTotal, currentPath: null });
  }
}

function short(id: string): string {
  return id.slice(0, 8);
}
