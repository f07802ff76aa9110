import { fromWire, hasCode, TriplicateError, type WireError } from '../errors.ts';
import { open, seal } from '../format/crypto.ts';
import type { BlobType } from '../format/pack.ts';
import { compress } from '../format/zstd.ts';
import type { BlobId, PackId, TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { BlobPacker, type SealedBlob } from '../repository/blob-packer.ts';
import { openBlob, readBlob } from '../repository/blob-reader.ts';
import { IndexWriter } from '../repository/index-writer.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { markReachable } from '../walk/reachable.ts';

interface Side {
  readonly repository: Repository;
  readonly index: BlobIndex;
}

interface Wanted {
  readonly type: BlobType;
  readonly id: BlobId;
  readonly packId: PackId;
  readonly offset: number;
  readonly length: number;
  readonly uncompressedLength: number;
}

/** Blobs of one pack that are fetched with one request. */
interface Span {
  readonly packId: PackId;
  readonly offset: number;
  end: number;
  readonly blobs: Wanted[];
}

/** Reading a gap along costs less than a second request. */
const GAP_BYTES = 256 * 1024;
const SPAN_BYTES = 8 * 1024 * 1024;
/** Spans fetched before they are needed. */
const AHEAD = 3;

/** Copies blobs from one repository to another, as they are stored: compressed once, sealed anew, verified on the way. */
export class BlobCopier {
  readonly #from: Side;
  readonly #to: Side;
  readonly #signal: AbortSignal;
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
    this.#packer = new BlobPacker(to.repository, signal);
    this.#indexWriter = new IndexWriter(to.repository);
  }

  /** Everything below the tree, and the tree. @throws `repo/damaged`, `repo/blob-missing`, `store/…`, `cancelled` */
  async copyTree(tree: TreeId): Promise<void> {
    try {
      for await (const { blob, sealed } of this.#fetch(await this.#lacking(tree))) {
        const ready = await this.#reseal(blob, sealed);
        await this.#packer.add(ready);
        this.#added.add(blob.type, blob.id);
        this.blobs++;
        this.bytesAdded += ready.sealed.length;
        this.bytesSinceIndex += ready.sealed.length;
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
  async #lacking(tree: TreeId): Promise<readonly Wanted[]> {
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

  async *#fetch(
    wanted: readonly Wanted[],
  ): AsyncGenerator<{ readonly blob: Wanted; readonly sealed: Uint8Array | null }> {
    const spans = spansOf(wanted);
    const ahead: Promise<Uint8Array | null>[] = [];
    for (const [position, span] of spans.entries()) {
      for (const next of spans.slice(position + ahead.length, position + AHEAD)) ahead.push(this.#read(next));
      const bytes = await ahead.shift();
      for (const blob of span.blobs) {
        const start = blob.offset - span.offset;
        yield { blob, sealed: bytes ? bytes.subarray(start, start + blob.length) : null };
      }
    }
  }

  /** Null when the pack is gone or cut short: each of its blobs is then looked for elsewhere. */
  #read({ packId, offset, end }: Span): Promise<Uint8Array | null> {
    const bytes = this.#from.repository.store
      .get({ type: 'data', id: packId }, { offset, length: end - offset }, this.#signal)
      .catch((error: unknown) => {
        if (hasCode(error, 'store/not-found', 'store/corrupt')) return null;
        throw error;
      });
    // Whoever waits for it gets the failure; nobody waits when an earlier one has ended the copy.
    bytes.catch(() => undefined);
    return bytes;
  }

  async #reseal(blob: Wanted, sealed: Uint8Array | null): Promise<SealedBlob> {
    const { repository: from, index } = this.#from;
    const { repository: to } = this.#to;
    const { type, id } = blob;
    let plain: Uint8Array | undefined;
    try {
      if (sealed) plain = openBlob(from, sealed, blob, id);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged')) throw error;
    }
    const stored = plain && sealed && blob.uncompressedLength > 0 ? open(from.key, sealed) : undefined;
    plain ??= await readBlob(from, index, type, id, this.#signal);
    if (to.config.version < 2) return this.#sealed(blob, plain, 0);
    if (stored) return this.#sealed(blob, stored, plain.length);
    const small = compress(plain);
    // Trees are always compressed in version 2 (format, section 6); data only where it gains.
    if (type === 'tree' || small.length < plain.length) return this.#sealed(blob, small, plain.length);
    return this.#sealed(blob, plain, 0);
  }

  #sealed({ type, id }: Wanted, stored: Uint8Array, uncompressedLength: number): SealedBlob {
    const { key, host } = this.#to.repository;
    return { type, id, sealed: seal(key, host.random(16), stored), uncompressedLength };
  }
}

function spansOf(wanted: readonly Wanted[]): readonly Span[] {
  const spans: Span[] = [];
  for (const blob of wanted) {
    const end = blob.offset + blob.length;
    const last = spans.at(-1);
    const fits = last?.packId === blob.packId && blob.offset - last.end <= GAP_BYTES && end - last.offset <= SPAN_BYTES;
    if (last && fits) {
      last.end = Math.max(last.end, end);
      last.blobs.push(blob);
    } else spans.push({ packId: blob.packId, offset: blob.offset, end, blobs: [blob] });
  }
  return spans;
}

function missing(id: BlobId): TriplicateError {
  return new TriplicateError('repo/blob-missing', `Content ${id.slice(0, 8)} is not in the repository.`, {
    data: { id },
  });
}
