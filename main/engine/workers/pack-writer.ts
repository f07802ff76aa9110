import { randomBytes, randomFillSync } from 'node:crypto';
import { IV_BYTES, type Key } from '../format/crypto.ts';
import { encodeIndexPack } from '../format/index-file.ts';
import { Sealer } from '../format/sealer.ts';
import { type PackableBlob, PackBuilder } from '../repository/pack-builder.ts';

export interface PackToStore {
  readonly destination: number;
  readonly id: string;
  /** In `bulkMemory`, which comes back through `taken`. */
  readonly bytes: Uint8Array;
  /** The plaintext of its header, which names the blobs. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly blobCount: number;
  /** What an index file says of it. */
  readonly indexText: Uint8Array<ArrayBuffer>;
  readonly plainBytes: number;
}

/** Packs that a worker may have handed over without an answer: bounds its memory when a destination is slow. */
const MAX_UNANSWERED = 1;

/** What a worker packs for one destination. */
interface Destination {
  readonly number: number;
  readonly key: Key;
  readonly sealer: Sealer;
  /** One pack of data and one of trees (never mixed: format, section 6). */
  readonly open: Record<'data' | 'tree', OpenPack | null>;
}

interface OpenPack {
  readonly builder: PackBuilder;
  plainBytes: number;
}

type Blob = PackableBlob & { readonly stored: Uint8Array; readonly plainBytes: number };

/** The open packs of one worker. */
export class PackWriter {
  readonly #destinations: readonly Destination[];
  readonly #send: (pack: PackToStore) => void;
  readonly #buffers: SharedArrayBuffer[] = [];
  #unanswered = 0;
  #wake: (() => void) | undefined;

  constructor(keys: readonly Key[], send: (pack: PackToStore) => void) {
    this.#destinations = keys.map((key, number) => {
      return { number, key, sealer: new Sealer(key, randomFillSync), open: { data: null, tree: null } };
    });
    this.#send = send;
  }

  /**
   * Seals the blob for every destination whose bit is set in `wanted`; full packs are sent off. Where that has to wait, it gives
   * what it waits for: a promise for each of many small blobs would cost as much as packing them.
   */
  add(blob: Blob, wanted: number): Promise<void> | undefined {
    let left = wanted;
    for (const destination of this.#destinations) {
      const bit = 1 << destination.number;
      if ((left & bit) === 0) continue;
      const { open, sealer } = destination;
      if (open[blob.type]?.builder.hasRoomFor(blob.stored.length) === false) {
        this.#close(destination, blob.type);
        if (this.#isAhead) return this.#caughtUp().then(() => this.add(blob, left));
      }
      left &= ~bit;
      open[blob.type] ??= { builder: new PackBuilder(blob.stored.length, this.#buffers.pop()), plainBytes: 0 };
      const pack = open[blob.type] as OpenPack;
      pack.builder.add(sealer, blob);
      pack.plainBytes += blob.plainBytes;
      if (pack.builder.isFull) this.#close(destination, blob.type);
    }
    return this.#isAhead ? this.#caughtUp() : undefined;
  }

  /** Sends off everything that is open, at once: no memory is taken after it for which an answer had to be waited for. */
  flush(): void {
    for (const destination of this.#destinations) {
      for (const type of ['data', 'tree'] as const) this.#close(destination, type);
    }
  }

  /** A pack was dealt with. */
  taken(buffer: SharedArrayBuffer): void {
    this.#unanswered--;
    if (this.#buffers.length < this.#destinations.length) this.#buffers.push(buffer);
    this.#wake?.();
  }

  get #isAhead(): boolean {
    return this.#unanswered > MAX_UNANSWERED * this.#destinations.length;
  }

  async #caughtUp(): Promise<void> {
    while (this.#isAhead) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #close({ number, key, open }: Destination, type: 'data' | 'tree'): void {
    const pack = open[type];
    if (!pack) return;
    open[type] = null;
    const { id, bytes, header, blobs } = pack.builder.finish(key, randomBytes(IV_BYTES));
    // Here, because all workers wait for the main thread.
    const indexText = encodeIndexPack({ id, blobs });
    this.#unanswered++;
    const { plainBytes } = pack;
    this.#send({ destination: number, id, bytes, header, blobCount: blobs.length, indexText, plainBytes });
  }
}
