import { fromWire, TriplicateError, type WireError } from '../errors.ts';
import type { BlobType } from '../format/pack.ts';
import type { BlobId, TreeId } from '../ids.ts';
import { BlobPacker } from '../repository/blob-packer.ts';
import { IndexWriter } from '../repository/index-writer.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { markReachable } from '../walk/reachable.ts';
import { BlobTransfer, type PlacedBlob, type Side } from './blob-transfer.ts';

const TELL_BYTES = 4 * 1024 * 1024;

/** Copies blobs from one repository to another, as they are stored: compressed once, sealed anew, verified on the way. */
export class BlobCopier {
  readonly #from: Side;
  readonly #to: Side;
  readonly #signal: AbortSignal;
  readonly #transfer: BlobTransfer;
  readonly #packer: BlobPacker;
  readonly #indexWriter: IndexWriter;
  /** What this run has handed to the packer. */
  readonly #added = new BlobSet();
  /** Directories whose needs are met. Begun anew after a failure: what it left unmet must be found again. */
  #seen = new BlobSet();
  bytesAdded = 0;
  bytesSinceIndex = 0;
  blobs = 0;

  constructor(from: Side, to: Side, signal: AbortSignal) {
    this.#from = from;
    this.#to = to;
    this.#signal = signal;
    this.#transfer = new BlobTransfer(from, to.repository, signal);
    this.#packer = new BlobPacker(to.repository, signal);
    this.#indexWriter = new IndexWriter(to.repository);
  }

  /**
   * Everything below the tree, and the tree; calls `onBytes` now and then on a long way.
   * @throws `repo/damaged`, `repo/blob-missing`, `store/…`, `cancelled`
   */
  async copyTree(tree: TreeId, onBytes: () => void = () => undefined): Promise<void> {
    let toldAt = this.bytesAdded;
    try {
      for await (const ready of this.#transfer.take(await this.#lacking(tree))) {
        await this.#packer.add(ready);
        this.#added.add(ready.type, ready.id);
        this.blobs++;
        this.bytesAdded += ready.sealed.length;
        this.bytesSinceIndex += ready.sealed.length;
        if (this.bytesAdded - toldAt < TELL_BYTES) continue;
        toldAt = this.bytesAdded;
        onBytes();
      }
    } catch (error) {
      this.#seen = new BlobSet();
      throw error;
    }
  }

  /** Names everything that was copied in the target's index. @throws `store/…` */
  async finishIndex(): Promise<void> {
    for (const pack of await this.#packer.finish()) this.#indexWriter.add(pack);
    await this.#indexWriter.flush(this.#signal);
    this.bytesSinceIndex = 0;
  }

  /** What the target needs for this tree and does not have, in the order in which it lies in the source. */
  async #lacking(tree: TreeId): Promise<readonly PlacedBlob[]> {
    const { repository, index } = this.#from;
    const numbers: number[] = [];
    const asked = new BlobSet();
    const want = (type: BlobType, id: BlobId): void => {
      if (this.#to.index.numberOf(type, id) !== -1 || this.#added.has(type, id) || asked.add(type, id) === 'known')
        return;
      const number = index.numberOf(type, id);
      if (number === -1) throw missing(id);
      numbers.push(number);
    };
    const handlers = {
      tree: (id: TreeId, nodes: readonly { readonly content: readonly BlobId[] | null }[]) => {
        want('tree', id);
        for (const { content } of nodes) for (const blob of content ?? []) want('data', blob);
      },
      unreadable: (_id: TreeId, error: WireError) => {
        throw fromWire(error);
      },
    };
    await markReachable(repository, index, [tree], this.#seen, handlers, this.#signal);
    return numbers.sort((a, b) => index.compareByPlace(a, b)).map((number) => index.blobAt(number));
  }
}

function missing(id: BlobId): TriplicateError {
  return new TriplicateError('repo/blob-missing', `Content ${id.slice(0, 8)} is not in the repository.`, {
    data: { id },
  });
}
