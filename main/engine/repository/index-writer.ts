import { encodeIndexPack, joinIndex, type StoredPack } from '../format/index-file.ts';
import { giveBack } from '../give-back.ts';
import type { IndexId } from '../ids.ts';
import { putAfter } from '../store/put-after.ts';
import type { Repository } from './repository.ts';
import { sealUnpacked, writeUnpacked } from './unpacked-files.ts';

/** Blobs in one index file: keeps each well below 8 MiB (format, section 7). */
const BLOBS_PER_FILE = 50_000;

/** A pack as the index will name it. Made as each is added: at the end of a run only the last one is still to be made. */
interface NamedPack {
  readonly blobs: number;
  readonly json: Uint8Array;
}

/** Collects finished packs and writes the index files that name them. Only packs that are durably stored may be added. */
export class IndexWriter {
  readonly #repository: Repository;
  #waiting: NamedPack[] = [];
  #blobs = 0;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  get blobsWaiting(): number {
    return this.#blobs;
  }

  /** True when enough has gathered for a file of its own. */
  get isFull(): boolean {
    return this.#blobs >= BLOBS_PER_FILE;
  }

  add(pack: StoredPack): void {
    this.#waiting.push(nameOf(pack));
    this.#blobs += pack.blobs.length;
  }

  /**
   * Sends the files ahead that `flush` would write once `coming` is stored too: they are in place only after `ready`. Gives
   * a promise for each. What has gathered stays gathered until `forget` is called.
   */
  sendAhead(coming: readonly StoredPack[], ready: Promise<void>, signal?: AbortSignal): readonly Promise<IndexId>[] {
    let rest: readonly NamedPack[] = [...this.#waiting, ...coming.map(nameOf)];
    const files: Promise<IndexId>[] = [];
    while (rest.length > 0) {
      const part = partOf(rest);
      rest = rest.slice(part.length);
      const text = joinIndex(part.map(({ json }) => json));
      const { id, sealed } = sealUnpacked(this.#repository, text);
      giveBack(text);
      const stored = putAfter(this.#repository.store, { type: 'index', id }, sealed, ready, signal);
      files.push(stored.then(() => id as IndexId));
    }
    return files;
  }

  /** What has gathered is named by files that were sent ahead. */
  forget(): void {
    this.#waiting = [];
    this.#blobs = 0;
  }

  /** Writes what has gathered; on failure it stays gathered. @throws `store/…` */
  async flush(signal?: AbortSignal): Promise<readonly IndexId[]> {
    const written: IndexId[] = [];
    while (this.#waiting.length > 0) {
      const part = partOf(this.#waiting);
      const text = joinIndex(part.map(({ json }) => json));
      const id = await writeUnpacked(this.#repository, 'index', text, signal);
      giveBack(text);
      this.#waiting = this.#waiting.slice(part.length);
      this.#blobs -= part.reduce((sum, pack) => sum + pack.blobs, 0);
      written.push(id as IndexId);
    }
    return written;
  }
}

function nameOf(pack: StoredPack): NamedPack {
  return { blobs: pack.blobs.length, json: pack.indexText ?? encodeIndexPack(pack) };
}

/** What goes into one file: at least one pack, and further ones as long as the file stays small. */
function partOf(packs: readonly NamedPack[]): readonly NamedPack[] {
  let blobs = 0;
  const end = packs.findIndex((pack, position) => {
    blobs += pack.blobs;
    return position > 0 && blobs > BLOBS_PER_FILE;
  });
  return end === -1 ? packs.slice() : packs.slice(0, end);
}
