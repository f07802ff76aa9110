import { encodeIndexPack, joinIndex, type StoredPack } from '../format/index-file.ts';
import { giveBack } from '../give-back.ts';
import type { IndexId } from '../ids.ts';
import type { Repository } from './repository.ts';
import { writeUnpacked } from './unpacked-files.ts';

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
    this.#waiting.push({ blobs: pack.blobs.length, json: encodeIndexPack(pack) });
    this.#blobs += pack.blobs.length;
  }

  /** Writes what has gathered; on failure it stays gathered. @throws `store/…` */
  async flush(signal?: AbortSignal): Promise<readonly IndexId[]> {
    const written: IndexId[] = [];
    while (this.#waiting.length > 0) {
      const part = this.#takePart();
      const text = joinIndex(part.map(({ json }) => json));
      const id = await writeUnpacked(this.#repository, 'index', text, signal);
      giveBack(text);
      this.#waiting = this.#waiting.slice(part.length);
      this.#blobs -= part.reduce((sum, pack) => sum + pack.blobs, 0);
      written.push(id as IndexId);
    }
    return written;
  }

  /** At least one pack, and further ones as long as the file stays small. */
  #takePart(): readonly NamedPack[] {
    let blobs = 0;
    const end = this.#waiting.findIndex((pack, position) => {
      blobs += pack.blobs;
      return position > 0 && blobs > BLOBS_PER_FILE;
    });
    return end === -1 ? this.#waiting.slice() : this.#waiting.slice(0, end);
  }
}
