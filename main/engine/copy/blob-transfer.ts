import { hasCode, TriplicateError } from '../errors.ts';
import { open, seal } from '../format/crypto.ts';
import type { BlobType } from '../format/pack.ts';
import { compress } from '../format/zstd.ts';
import type { BlobId, PackId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { SealedBlob } from '../repository/blob-packer.ts';
import { openBlob, readBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';

/** A repository and what it says of its blobs. */
export interface Side {
  readonly repository: Repository;
  readonly index: BlobIndex;
}

/** A blob and the place where it is to be read first. */
export interface PlacedBlob {
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
  readonly blobs: PlacedBlob[];
}

/** Reading a gap along costs less than a second request. */
const GAP_BYTES = 256 * 1024;
const SPAN_BYTES = 8 * 1024 * 1024;
/** Spans fetched before they are needed. */
const AHEAD = 3;

/** What happens to a blob of which no copy can be read. */
export type OnUnreadable = (blob: PlacedBlob, error: TriplicateError) => void;

/** Hands over blobs of one repository as another stores them: verified, compressed once, sealed under its key. */
export class BlobTransfer {
  readonly #from: Side;
  readonly #to: Repository;
  readonly #signal: AbortSignal;

  constructor(from: Side, to: Repository, signal: AbortSignal) {
    this.#from = from;
    this.#to = to;
    this.#signal = signal;
  }

  /**
   * The blobs in the given order, best the one in which they lie. One whose first place is bad is looked for at every
   * other. @throws `repo/damaged` for one that is nowhere good, unless `onUnreadable` is given; `store/…`, `cancelled`
   */
  async *take(wanted: readonly PlacedBlob[], onUnreadable?: OnUnreadable): AsyncGenerator<SealedBlob> {
    for await (const { blob, sealed } of this.#fetch(wanted)) {
      try {
        yield await this.#reseal(blob, sealed);
      } catch (error) {
        if (!onUnreadable || !hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
        onUnreadable(blob, error as TriplicateError);
      }
    }
  }

  async *#fetch(
    wanted: readonly PlacedBlob[],
  ): AsyncGenerator<{ readonly blob: PlacedBlob; readonly sealed: Uint8Array | null }> {
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

  /** Null when the pack is gone or cut short: each of its blobs is then looked for by itself. */
  #read({ packId, offset, end }: Span): Promise<Uint8Array | null> {
    const bytes = this.#from.repository.store
      .get({ type: 'data', id: packId }, { offset, length: end - offset }, this.#signal)
      .catch((error: unknown) => {
        if (hasCode(error, 'store/not-found', 'store/corrupt')) return null;
        throw error;
      });
    // Whoever waits for it gets the failure; nobody waits when an earlier one has ended the transfer.
    bytes.catch(() => undefined);
    return bytes;
  }

  async #reseal(blob: PlacedBlob, sealed: Uint8Array | null): Promise<SealedBlob> {
    const { repository: from, index } = this.#from;
    const { type, id } = blob;
    let plain: Uint8Array | undefined;
    try {
      if (sealed) plain = openBlob(from, sealed, blob, id);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged')) throw error;
    }
    const stored = plain && sealed && blob.uncompressedLength > 0 ? open(from.key, sealed) : undefined;
    plain ??= await readBlob(from, index, type, id, this.#signal);
    // The format has no empty blobs (section 6); what is raw and what is compressed could not be told apart.
    if (plain.length === 0) throw new TriplicateError('repo/damaged', 'A stored blob is empty.');
    if (this.#to.config.version < 2) return this.#sealed(blob, plain, 0);
    if (stored) return this.#sealed(blob, stored, plain.length);
    const small = compress(plain);
    // Trees are always compressed in version 2 (format, section 6); data only where it gains.
    if (type === 'tree' || small.length < plain.length) return this.#sealed(blob, small, plain.length);
    return this.#sealed(blob, plain, 0);
  }

  #sealed({ type, id }: PlacedBlob, stored: Uint8Array, uncompressedLength: number): SealedBlob {
    const { key, host } = this.#to;
    return { type, id, sealed: seal(key, host.random(16), stored), uncompressedLength };
  }
}

function spansOf(wanted: readonly PlacedBlob[]): readonly Span[] {
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
