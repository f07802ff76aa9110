import { randomBytes, randomFillSync } from 'node:crypto';
import { IV_BYTES, type Key } from '../format/crypto.ts';
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
  readonly plainBytes: number;
}

/** Packs that a worker may have handed over without an answer: bounds its memory when a destination is slow. */
const MAX_UNANSWERED = 1;

/** The open packs of one worker: for each destination one of data and one of trees (never mixed: format, section 6). */
export class PackWriter {
  readonly #keys: readonly Key[];
  readonly #sealers: readonly Sealer[];
  readonly #send: (pack: PackToStore) => void;
  readonly #open = new Map<string, PackBuilder>();
  readonly #plainBytes = new Map<string, number>();
  readonly #buffers: SharedArrayBuffer[] = [];
  #unanswered = 0;
  #wake: (() => void) | undefined;

  constructor(keys: readonly Key[], send: (pack: PackToStore) => void) {
    this.#keys = keys;
    this.#sealers = keys.map((key) => new Sealer(key, randomFillSync));
    this.#send = send;
  }

  /** Seals the blob for every destination whose bit is set in `wanted`; full packs are sent off. */
  async add(
    blob: PackableBlob & { readonly stored: Uint8Array; readonly plainBytes: number },
    wanted: number,
  ): Promise<void> {
    for (const [destination, sealer] of this.#sealers.entries()) {
      if ((wanted & (1 << destination)) === 0) continue;
      const name = `${destination}:${blob.type}`;
      const open = this.#open.get(name);
      if (open && !open.hasRoomFor(blob.stored.length)) await this.#close(name, destination);
      const pack = this.#open.get(name) ?? this.#begin(name, blob.stored.length);
      pack.add(sealer, blob);
      this.#plainBytes.set(name, (this.#plainBytes.get(name) ?? 0) + blob.plainBytes);
      if (pack.isFull) await this.#close(name, destination);
    }
  }

  /** Sends off everything that is open, at once: no memory is taken after it for which an answer had to be waited for. */
  flush(): void {
    for (const name of [...this.#open.keys()]) this.#sendOff(name, Number.parseInt(name, 10));
  }

  /** A pack was dealt with. */
  taken(buffer: SharedArrayBuffer): void {
    this.#unanswered--;
    if (this.#buffers.length < this.#keys.length) this.#buffers.push(buffer);
    this.#wake?.();
  }

  #begin(name: string, firstBlobBytes: number): PackBuilder {
    const pack = new PackBuilder(firstBlobBytes, this.#buffers.pop());
    this.#open.set(name, pack);
    return pack;
  }

  async #close(name: string, destination: number): Promise<void> {
    this.#sendOff(name, destination);
    while (this.#unanswered > MAX_UNANSWERED * this.#keys.length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #sendOff(name: string, destination: number): void {
    const pack = this.#open.get(name);
    if (!pack) return;
    this.#open.delete(name);
    const plainBytes = this.#plainBytes.get(name) ?? 0;
    this.#plainBytes.delete(name);
    const { id, bytes, header, blobs } = pack.finish(this.#keys[destination] as Key, randomBytes(IV_BYTES));
    this.#unanswered++;
    this.#send({ destination, id, bytes, header, blobCount: blobs.length, plainBytes });
  }
}
