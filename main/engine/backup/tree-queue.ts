import { hash } from 'node:crypto';
import { TreeText } from '../format/tree-text.ts';
import type { TreeId } from '../ids.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import type { DestinationWriter } from './destination-writer.ts';
import type { DirectoryEntries } from './directory-entries.ts';
import { LargeTree } from './large-tree.ts';

const BYTES_PER_JOB = 1024 * 1024;
/** From here on the text of a tree is not made whole: some 9,000 entries. */
const LARGE_TREE_BYTES = 4 * 1024 * 1024;

/** Turns finished directories into tree blobs and sends those that a destination lacks to a worker. */
export class TreeQueue {
  readonly #pool: BackupPool;
  readonly #writers: readonly DestinationWriter[];
  readonly #compressionLevel: number | null;
  readonly #text = new TreeText();
  /** Trees that are to be sent, one after the other. */
  #bytes = Buffer.allocUnsafeSlow(BYTES_PER_JOB);
  #length = 0;
  #waiting: WaitingTree[] = [];
  readonly #jobs: Promise<void>[] = [];

  /** @param compressionLevel null where a destination holds blobs as they are */
  constructor(pool: BackupPool, writers: readonly DestinationWriter[], compressionLevel: number | null) {
    this.#pool = pool;
    this.#writers = writers;
    this.#compressionLevel = compressionLevel;
  }

  /** Whether every destination has this directory, so that it need not be made again. */
  isStored(tree: TreeId): boolean {
    return this.#writers.every((writer) => writer.failure || writer.has('tree', tree));
  }

  /**
   * The id of a directory with these entries, which are let go of.
   * @param expected about how many bytes it takes beside what is new
   */
  add(entries: DirectoryEntries, expected: number): TreeId {
    const total = expected + entries.newBytes;
    const level = this.#compressionLevel;
    if (level !== null && total >= LARGE_TREE_BYTES) return this.#addLarge(entries, new LargeTree(level));
    entries.writeTo(this.#text, total);
    const { bytes } = this.#text;
    const id = hash('sha256', bytes, 'buffer');
    const wanted = this.#claim(id);
    if (wanted !== 0) this.#keep({ id, wanted, length: bytes.length });
    return id.toString('hex') as TreeId;
  }

  /** Resolves when every tree so far is in a pack. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.race([Promise.all(this.#jobs), this.#pool.failed]);
  }

  #addLarge(entries: DirectoryEntries, tree: LargeTree): TreeId {
    entries.writeTo(this.#text, 0, tree);
    const { id, frame, length } = tree.finish();
    const wanted = this.#claim(id);
    if (wanted !== 0) this.#store(frame, [{ id, wanted, length: frame.length }], Uint32Array.of(length));
    return id.toString('hex') as TreeId;
  }

  /** Gives the destinations that lack the tree, a bit for each. */
  #claim(id: Buffer): number {
    let wanted = 0;
    for (const [position, writer] of this.#writers.entries()) {
      if (writer.claim('tree', id, 0)) wanted |= 1 << position;
    }
    return wanted;
  }

  /** Keeps the text of a tree that a destination lacks. */
  #keep(tree: WaitingTree): void {
    if (tree.length >= BYTES_PER_JOB) return this.#store(this.#text.take(), [tree]);
    if (this.#length + tree.length > this.#bytes.length) this.#send();
    this.#bytes.set(this.#text.bytes, this.#length);
    this.#length += tree.length;
    this.#waiting.push(tree);
  }

  #send(): void {
    if (this.#waiting.length === 0) return;
    this.#store(this.#bytes.subarray(0, this.#length), this.#waiting);
    this.#bytes = Buffer.allocUnsafeSlow(BYTES_PER_JOB);
    this.#length = 0;
    this.#waiting = [];
  }

  /**
   * @param bytes their memory is handed over
   * @param compressedFrom the lengths of the texts, where these are frames
   */
  #store(
    bytes: Uint8Array<ArrayBuffer>,
    trees: readonly WaitingTree[],
    compressedFrom: Uint32Array | null = null,
  ): void {
    const job = this.#pool.storeBlobs({
      type: 'tree',
      bytes,
      lengths: Uint32Array.from(trees, ({ length }) => length),
      ids: Buffer.concat(trees.map(({ id }) => id)),
      wanted: Uint32Array.from(trees, ({ wanted }) => wanted),
      compressedFrom,
    });
    job.catch(() => undefined);
    this.#jobs.push(job);
  }
}

/** A tree that at least one destination lacks. */
interface WaitingTree {
  readonly id: Buffer;
  /** A bit for each destination that lacks it. */
  readonly wanted: number;
  /** Of its text, or of the frame that this was compressed to, in bytes. */
  readonly length: number;
}
