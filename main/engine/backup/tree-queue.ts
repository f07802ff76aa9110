import { hash } from 'node:crypto';
import { encodeTree, type TreeNode } from '../format/tree.ts';
import { giveBack } from '../give-back.ts';
import type { TreeId } from '../ids.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import { isTransferable } from '../workers/job-pool.ts';
import type { DestinationWriter } from './destination-writer.ts';

const BYTES_PER_JOB = 1024 * 1024;

/** In memory of its own; that of the trees is given back. */
function joined(trees: readonly { readonly bytes: Uint8Array }[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(trees.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let offset = 0;
  for (const { bytes } of trees) {
    all.set(bytes, offset);
    offset += bytes.length;
    giveBack(bytes);
  }
  return all;
}

/** Turns finished directories into tree blobs and sends those that a destination lacks to a worker. */
export class TreeQueue {
  readonly #pool: BackupPool;
  readonly #writers: readonly DestinationWriter[];
  #waiting: { bytes: Uint8Array<ArrayBuffer>; id: Buffer; wanted: number }[] = [];
  #bytes = 0;
  readonly #jobs: Promise<void>[] = [];

  constructor(pool: BackupPool, writers: readonly DestinationWriter[]) {
    this.#pool = pool;
    this.#writers = writers;
  }

  /** Whether every destination has this directory, so that it need not be made again. */
  isStored(tree: TreeId): boolean {
    return this.#writers.every((writer) => writer.failure || writer.has('tree', tree));
  }

  /** The id of a directory with these entries (sorted by raw name). */
  add(nodes: Iterable<TreeNode>): TreeId {
    const bytes = encodeTree(nodes);
    const id = hash('sha256', bytes, 'buffer');
    let wanted = 0;
    for (const [position, writer] of this.#writers.entries()) {
      if (writer.claim('tree', id, 0)) wanted |= 1 << position;
    }
    if (wanted !== 0) {
      this.#waiting.push({ bytes, id, wanted });
      this.#bytes += bytes.length;
      if (this.#bytes >= BYTES_PER_JOB) this.#send();
    }
    return id.toString('hex') as TreeId;
  }

  /** Resolves when every tree so far is in a pack. */
  async finish(): Promise<void> {
    this.#send();
    await Promise.race([Promise.all(this.#jobs), this.#pool.failed]);
  }

  #send(): void {
    if (this.#waiting.length === 0) return;
    const trees = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    const [first] = trees;
    const lengths = Uint32Array.from(trees, ({ bytes }) => bytes.length);
    const job = this.#pool.storeBlobs({
      type: 'tree',
      // The worker gets the memory of the bytes, which a small tree shares with others.
      bytes: first && trees.length === 1 && isTransferable(first.bytes) ? first.bytes : joined(trees),
      lengths,
      ids: Buffer.concat(trees.map(({ id }) => id)),
      wanted: Uint32Array.from(trees, ({ wanted }) => wanted),
    });
    job.catch(() => undefined);
    this.#jobs.push(job);
  }
}
