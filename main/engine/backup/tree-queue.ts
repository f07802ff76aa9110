import { hash } from 'node:crypto';
import { TreeText } from '../format/tree-text.ts';
import type { TreeId } from '../ids.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import type { DestinationWriter } from './destination-writer.ts';
import type { DirectoryEntries } from './directory-entries.ts';

const BYTES_PER_JOB = 1024 * 1024;

/** Turns finished directories into tree blobs and sends those that a destination lacks to a worker. */
export class TreeQueue {
  readonly #pool: BackupPool;
  readonly #writers: readonly DestinationWriter[];
  readonly #text = new TreeText();
  /** Trees that are to be sent, one after the other. */
  #bytes = Buffer.allocUnsafeSlow(BYTES_PER_JOB);
  #length = 0;
  #waiting: WaitingTree[] = [];
  readonly #jobs: Promise<void>[] = [];

  constructor(pool: BackupPool, writers: readonly DestinationWriter[]) {
    this.#pool = pool;
    this.#writers = writers;
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
    entries.writeTo(this.#text, expected);
    const { bytes } = this.#text;
    const id = hash('sha256', bytes, 'buffer');
    let wanted = 0;
    for (const [position, writer] of this.#writers.entries()) {
      if (writer.claim('tree', id, 0)) wanted |= 1 << position;
    }
    if (wanted !== 0) this.#keep({ id, wanted, length: bytes.length });
    return id.toString('hex') as TreeId;
  }

  /** Resolves when every tree so far is in a pack. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.race([Promise.all(this.#jobs), this.#pool.failed]);
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

  /** @param bytes their memory is handed over */
  #store(bytes: Uint8Array<ArrayBuffer>, trees: readonly WaitingTree[]): void {
    const job = this.#pool.storeBlobs({
      type: 'tree',
      bytes,
      lengths: Uint32Array.from(trees, ({ length }) => length),
      ids: Buffer.concat(trees.map(({ id }) => id)),
      wanted: Uint32Array.from(trees, ({ wanted }) => wanted),
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
  /** Of its text, in bytes. */
  readonly length: number;
}
