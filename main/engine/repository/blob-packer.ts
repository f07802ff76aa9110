import type { IndexedPack } from '../format/index-file.ts';
import { type BlobType, parsePackHeader } from '../format/pack.ts';
import type { BlobId } from '../ids.ts';
import { PackBuilder } from './pack-builder.ts';
import type { Repository } from './repository.ts';

/** A blob sealed under the repository's key. `uncompressedLength`: 0 when it is stored raw. */
export interface SealedBlob {
  readonly type: BlobType;
  readonly id: BlobId;
  readonly sealed: Uint8Array;
  readonly uncompressedLength: number;
}

/** Puts blobs that exist already into new packs, data and trees into packs of their own. One `add` at a time. */
export class BlobPacker {
  readonly #repository: Repository;
  readonly #signal: AbortSignal;
  readonly #open: Partial<Record<BlobType, PackBuilder>> = {};
  #written: IndexedPack[] = [];
  /** The memory of a pack that is stored; one of each type can be open. */
  readonly #memory: SharedArrayBuffer[] = [];

  constructor(repository: Repository, signal: AbortSignal) {
    this.#repository = repository;
    this.#signal = signal;
  }

  /** @throws `store/…` */
  async add({ type, id, sealed, uncompressedLength }: SealedBlob): Promise<void> {
    let builder = this.#open[type];
    if (builder && !builder.hasRoomFor(sealed.length)) {
      await this.#store(type);
      builder = undefined;
    }
    builder ??= this.#open[type] = new PackBuilder(sealed.length, this.#memory.pop());
    builder.addSealed({ type, id: Buffer.from(id, 'hex'), sealed, uncompressedLength });
    if (builder.isFull) await this.#store(type);
  }

  /** Stores what is open. Gives the packs since the last time: durable, and not yet in any index. @throws `store/…` */
  async finish(): Promise<readonly IndexedPack[]> {
    for (const type of ['data', 'tree'] as const) await this.#store(type);
    const written = this.#written;
    this.#written = [];
    return written;
  }

  async #store(type: BlobType): Promise<void> {
    const builder = this.#open[type];
    delete this.#open[type];
    if (!builder || builder.isEmpty) return;
    const { key, host, store } = this.#repository;
    const { id, bytes, header } = builder.finish(key, host.random(16));
    await store.put({ type: 'data', id }, bytes, this.#signal);
    this.#memory.push(builder.memory);
    this.#written.push({ id, blobs: parsePackHeader(header) });
  }
}
