import { type Key, SEAL_OVERHEAD, seal, sealInto } from '../format/crypto.ts';
import { type BlobType, encodePackHeader, type PackEntry } from '../format/pack.ts';
import type { BlobId, PackId } from '../ids.ts';
import { hexSha256 } from './sha256.ts';

/** A pack is closed once its blobs reach this many bytes (format, section 6). */
export const PACK_TARGET_BYTES = 16 * 1024 * 1024;
/** Room for blobs and the header; a larger single blob gets a buffer of its own size. */
const BUFFER_BYTES = PACK_TARGET_BYTES + 2 * 1024 * 1024;
const ENTRY_BYTES = 41;

export interface FinishedPack {
  readonly id: PackId;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blobs: readonly PackEntry[];
}

/** Fills one pack file: sealed blobs one after the other, then the sealed header and its length. */
export class PackBuilder {
  readonly #buffer: Buffer<ArrayBuffer>;
  readonly #blobs: PackEntry[] = [];
  #used = 0;

  /** `reuse`: a buffer of an earlier pack, to spare the system from clearing new memory. */
  constructor(firstBlobBytes: number, reuse?: ArrayBuffer) {
    const wanted = Math.max(BUFFER_BYTES, firstBlobBytes + SEAL_OVERHEAD + 4096);
    this.#buffer = reuse && reuse.byteLength >= wanted ? Buffer.from(reuse) : Buffer.from(new ArrayBuffer(wanted));
  }

  get blobBytes(): number {
    return this.#used;
  }

  get isEmpty(): boolean {
    return this.#blobs.length === 0;
  }

  get isFull(): boolean {
    return this.#used >= PACK_TARGET_BYTES;
  }

  /** Whether a blob of `plainBytes` (after compression) still fits. */
  hasRoomFor(plainBytes: number): boolean {
    const header = (this.#blobs.length + 1) * ENTRY_BYTES + SEAL_OVERHEAD + 4;
    return this.#used + plainBytes + SEAL_OVERHEAD + header <= this.#buffer.length;
  }

  /** Seals the blob into the pack. `uncompressedLength` is 0 for a raw blob. */
  add(
    key: Key,
    iv: Uint8Array,
    blob: { type: BlobType; id: BlobId; stored: Uint8Array; uncompressedLength: number },
  ): void {
    const length = sealInto(key, iv, blob.stored, this.#buffer, this.#used);
    this.#record(blob.type, blob.id, length, blob.uncompressedLength);
  }

  /** Copies a blob that is sealed under the same key already. */
  addSealed(blob: { type: BlobType; id: BlobId; sealed: Uint8Array; uncompressedLength: number }): void {
    this.#buffer.set(blob.sealed, this.#used);
    this.#record(blob.type, blob.id, blob.sealed.length, blob.uncompressedLength);
  }

  /** Writes the header and gives the whole pack; the builder is done after that. */
  finish(key: Key, iv: Uint8Array): FinishedPack {
    const header = seal(key, iv, encodePackHeader(this.#blobs));
    this.#buffer.set(header, this.#used);
    this.#buffer.writeUInt32LE(header.length, this.#used + header.length);
    const bytes = this.#buffer.subarray(0, this.#used + header.length + 4);
    return { id: hexSha256(bytes) as PackId, bytes, blobs: this.#blobs };
  }

  #record(type: BlobType, id: BlobId, length: number, uncompressedLength: number): void {
    this.#blobs.push({ type, id, offset: this.#used, length, uncompressedLength });
    this.#used += length;
  }
}
