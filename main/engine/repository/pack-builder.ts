import { copyBytes } from '../copy-bytes.ts';
import { type Key, SEAL_OVERHEAD, seal } from '../format/crypto.ts';
import { type BlobType, type PackBlobs, PackHeader, PackHeaderBlobs } from '../format/pack.ts';
import type { Sealer } from '../format/sealer.ts';
import type { PackId } from '../ids.ts';
import { bulkMemory } from '../store/bulk-memory.ts';
import { hexSha256 } from './sha256.ts';

/** A pack is closed once its blobs reach this many bytes (format, section 6). */
export const PACK_TARGET_BYTES = 16 * 1024 * 1024;
/** So that a pack of tiny files needs no index file of tens of megabytes. */
export const MOST_BLOBS = 50_000;
/** Room for blobs and the header; a larger single blob gets a buffer of its own size. */
const BUFFER_BYTES = PACK_TARGET_BYTES + 2 * 1024 * 1024;
const ENTRY_BYTES = 41;

export interface FinishedPack {
  readonly id: PackId;
  readonly bytes: Uint8Array;
  /** The header's plaintext, which names the blobs. */
  readonly header: Uint8Array<ArrayBuffer>;
  readonly blobs: PackBlobs;
}

/** A blob to be packed; `id`: 32 bytes; `uncompressedLength`: 0 when it is stored raw. */
export interface PackableBlob {
  readonly type: BlobType;
  readonly id: Uint8Array;
  readonly uncompressedLength: number;
}

/** Fills one pack file: sealed blobs one after the other, then the sealed header and its length. */
export class PackBuilder {
  readonly #buffer: Buffer;
  readonly #header = new PackHeader();
  #used = 0;

  /** `reuse`: the memory of an earlier pack; new memory costs as much as filling it. It is `bulkMemory`. */
  constructor(firstBlobBytes: number, reuse?: SharedArrayBuffer) {
    const wanted = Math.max(BUFFER_BYTES, firstBlobBytes + SEAL_OVERHEAD + 4096);
    this.#buffer = Buffer.from(reuse && reuse.byteLength >= wanted ? reuse : bulkMemory(wanted));
  }

  /** The memory of the pack: to be used again when nobody reads the pack any more. */
  get memory(): SharedArrayBuffer {
    return this.#buffer.buffer as SharedArrayBuffer;
  }

  get blobBytes(): number {
    return this.#used;
  }

  get isEmpty(): boolean {
    return this.#header.blobCount === 0;
  }

  get isFull(): boolean {
    return this.#used >= PACK_TARGET_BYTES || this.#header.blobCount >= MOST_BLOBS;
  }

  /** Whether a blob of `plainBytes` (after compression) still fits. */
  hasRoomFor(plainBytes: number): boolean {
    const header = (this.#header.blobCount + 1) * ENTRY_BYTES + SEAL_OVERHEAD + 4;
    return this.#used + plainBytes + SEAL_OVERHEAD + header <= this.#buffer.length;
  }

  /** Seals the blob into the pack. */
  add(sealer: Sealer, blob: PackableBlob & { readonly stored: Uint8Array }): void {
    this.#record(blob, sealer.sealInto(blob.stored, this.#buffer, this.#used));
  }

  /** Copies a blob that is sealed under the same key already. */
  addSealed(blob: PackableBlob & { readonly sealed: Uint8Array }): void {
    copyBytes(blob.sealed, this.#buffer, this.#used);
    this.#record(blob, blob.sealed.length);
  }

  /** Writes the header and gives the whole pack; the builder is done after that. */
  finish(key: Key, iv: Uint8Array): FinishedPack {
    const header = this.#header.finish();
    const sealed = seal(key, iv, header);
    this.#buffer.set(sealed, this.#used);
    this.#buffer.writeUInt32LE(sealed.length, this.#used + sealed.length);
    const bytes = this.#buffer.subarray(0, this.#used + sealed.length + 4);
    const blobs = new PackHeaderBlobs(header, this.#header.blobCount);
    return { id: hexSha256(bytes) as PackId, bytes, header, blobs };
  }

  #record({ type, id, uncompressedLength }: PackableBlob, length: number): void {
    this.#header.add({ type, id, length, uncompressedLength });
    this.#used += length;
  }
}
