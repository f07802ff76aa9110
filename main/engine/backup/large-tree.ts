import { createHash } from 'node:crypto';
import { TriplicateError } from '../errors.ts';
import type { TreeTextSink } from '../format/tree-text.ts';
import { ZstdFrame } from '../format/zstd-frame.ts';

const MAX_UINT32 = 0xffff_ffff;

/**
 * The tree of a directory with very many entries, hashed and compressed while it is written: the text of 300,000 entries takes
 * 130 MB, and beside it often lies that of the earlier directory.
 */
export class LargeTree implements TreeTextSink {
  readonly #hash = createHash('sha256');
  readonly #frame: ZstdFrame;
  #length = 0;

  constructor(compressionLevel: number) {
    this.#frame = new ZstdFrame(compressionLevel);
  }

  part(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#frame.add(bytes);
    this.#length += bytes.length;
  }

  /** When all has been written. `length`: of the text, in bytes */
  finish(): { readonly id: Buffer; readonly frame: Uint8Array<ArrayBuffer>; readonly length: number } {
    if (this.#length > MAX_UINT32) throw new TriplicateError('internal', 'A tree may not exceed 4 GiB.');
    return { id: this.#hash.digest(), frame: this.#frame.finish(), length: this.#length };
  }
}
