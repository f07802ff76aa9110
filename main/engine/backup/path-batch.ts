import type { BytePath } from './byte-path.ts';

/**
 * Paths that are to be handed over, as bytes with a NUL behind each. A string for each would be kept until it is handed over,
 * and the collector would copy it meanwhile.
 */
export class PathBatch {
  #bytes = new Uint8Array(4096);
  #length = 0;

  add(path: BytePath): void {
    this.#makeRoom(path.length + 1);
    this.#addText(path);
    this.#bytes[this.#length++] = 0;
  }

  /** @param start where the name of what is in `directory` begins in `names`, and `end` where it ends */
  addIn(directory: BytePath, names: Uint8Array, start: number, end: number): void {
    this.#makeRoom(directory.length + end - start + 2);
    this.#addText(directory);
    if (!directory.endsWith('/')) this.#bytes[this.#length++] = SLASH;
    for (let at = start; at < end; at++) this.#bytes[this.#length++] = names[at] as number;
    this.#bytes[this.#length++] = 0;
  }

  /** All of them, in memory of their own; the batch is empty after it. */
  take(): Uint8Array<ArrayBuffer> {
    const paths = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return paths;
  }

  #addText(path: BytePath): void {
    for (let at = 0; at < path.length; at++) this.#bytes[this.#length++] = path.charCodeAt(at);
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const wider = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + bytes));
    wider.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = wider;
  }
}

const SLASH = 0x2f;

/** The paths of a batch. */
export function pathsIn(batch: Uint8Array<ArrayBuffer>): BytePath[] {
  if (batch.length === 0) return [];
  const text = Buffer.from(batch.buffer, batch.byteOffset, batch.length).toString('latin1', 0, batch.length - 1);
  return text.split('\0') as BytePath[];
}
