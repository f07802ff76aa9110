import { BlobTransfer, type PlacedBlob, type Side } from '../copy/blob-transfer.ts';
import { hasCode } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { BlobPacker } from '../repository/blob-packer.ts';
import { readPackHeader } from '../repository/read-pack-header.ts';
import { BlobSet } from '../walk/blob-set.ts';
import type { BlobName } from './find-missing.ts';

/**
 * Puts blobs back into a repository from which they are lost: from its own damaged packs, or from other repositories. Each
 * is verified by its hash before it is stored. Packs that hold them are durable, and named by the index in memory only.
 */
export class PutBack {
  readonly #own: Side;
  readonly #others: readonly Side[];
  readonly #signal: AbortSignal;
  readonly #packer: BlobPacker;
  /** What this run has handed to the packer. */
  readonly #added = new BlobSet();
  /** Packs that it has written. */
  readonly written: IndexedPack[] = [];
  readonly onBlob: () => void;
  salvaged = 0;
  fetched = 0;
  bytesAdded = 0;

  /** `own`: its index with the damaged packs set aside. */
  constructor(own: Side, others: readonly Side[], onBlob: () => void, signal: AbortSignal) {
    this.#own = own;
    this.#others = others;
    this.#signal = signal;
    this.onBlob = onBlob;
    this.#packer = new BlobPacker(own.repository, signal);
  }

  /** Whether this run has put the blob back. */
  has({ type, id }: BlobName): boolean {
    return this.#added.has(type, id);
  }

  /**
   * Everything in the damaged packs that still verifies and lies nowhere else. Gives what the index names there and does not.
   * @throws `store/…`
   */
  async salvage(packs: readonly IndexedPack[], sizes: ReadonlyMap<string, number>): Promise<readonly BlobName[]> {
    const asked = new BlobSet();
    const named = packs.flatMap(({ id: packId, blobs }) =>
      blobs
        .filter(({ type, id }) => !this.#own.index.has(type, id) && asked.add(type, id) === 'added')
        .map((blob) => ({ ...blob, packId })),
    );
    const lost = await this.#take(this.#own, named, 'salvaged');
    // What the index says may be wrong, and the file another one: its own header knows better, also of content that no index names.
    for (const { id: packId } of packs) {
      const held = await this.#byHeader(packId, sizes);
      const left = held.filter((blob) => !this.#own.index.has(blob.type, blob.id) && !this.has(blob));
      await this.#take(this.#own, left, 'salvaged');
    }
    return lost.filter((name) => !this.has(name));
  }

  /** Takes what is wanted from the other repositories, in their order. Gives what none of them has whole. @throws `store/…` */
  async fetch(wanted: readonly BlobName[]): Promise<readonly BlobName[]> {
    let missing = wanted.filter((name) => !this.has(name));
    for (const other of this.#others) {
      const { index } = other;
      const numbers = missing.map(({ type, id }) => index.numberOf(type, id)).filter((number) => number !== -1);
      const placed = numbers.sort((a, b) => index.compareByPlace(a, b)).map((number) => index.blobAt(number));
      await this.#take(other, placed, 'fetched');
      missing = missing.filter((name) => !this.has(name));
    }
    return missing;
  }

  /** Stores what is gathered, so that it can be read. @throws `store/…` */
  async store(): Promise<void> {
    for (const pack of await this.#packer.finish()) {
      this.#own.index.addPack(pack);
      this.written.push(pack);
    }
  }

  async #take(from: Side, placed: readonly PlacedBlob[], count: 'salvaged' | 'fetched'): Promise<readonly BlobName[]> {
    const bad: BlobName[] = [];
    const transfer = new BlobTransfer(from, this.#own.repository, this.#signal);
    for await (const blob of transfer.take(placed, ({ type, id }) => bad.push({ type, id }))) {
      if (this.#added.add(blob.type, blob.id) === 'known') continue;
      await this.#packer.add(blob);
      this[count]++;
      this.bytesAdded += blob.sealed.length;
      this.onBlob();
    }
    return bad;
  }

  async #byHeader(packId: IndexedPack['id'], sizes: ReadonlyMap<string, number>): Promise<readonly PlacedBlob[]> {
    try {
      const pack = { id: packId, size: sizes.get(packId) ?? 0 };
      const header = await readPackHeader(this.#own.repository, pack, this.#signal);
      return header.map((blob) => ({ ...blob, packId }));
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'store/corrupt', 'store/not-found')) throw error;
      return [];
    }
  }
}
