import type { TreeId } from '../ids.ts';
import { IdTable } from '../repository/id-table.ts';
import { PRINT_BYTES } from './listing-print.ts';

const TREE_BYTES = 32;

/**
 * Prints of listings, and the tree that each directory became: as other programs keep a cache of files, for whole
 * directories, in 100 bytes each. All of one full scan, so that they fit each other: the tree of a directory names those
 * that its subdirectories have here.
 */
export class DirectoryCache {
  readonly #prints = new IdTable();
  #trees = new Uint8Array(64 * TREE_BYTES);

  get size(): number {
    return this.#prints.size;
  }

  find(print: Uint8Array): TreeId | null {
    const entry = this.#prints.find(print);
    if (entry === -1) return null;
    const tree = this.#treeAt(entry);
    return tree.some((byte) => byte !== 0) ? (Buffer.from(tree).toString('hex') as TreeId) : null;
  }

  /** A print that comes twice with different trees is nobody's: something below changed between two looks. */
  add(print: Uint8Array, tree: TreeId): void {
    const id = Buffer.from(tree, 'hex');
    const before = this.#prints.find(print);
    if (before === -1) this.#append(print, id);
    else if (Buffer.compare(this.#treeAt(before), id) !== 0) this.#treeAt(before).fill(0);
  }

  /** Print and tree of each, 64 bytes, one after another. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.size * (PRINT_BYTES + TREE_BYTES));
    for (let entry = 0; entry < this.size; entry++) {
      const at = entry * (PRINT_BYTES + TREE_BYTES);
      bytes.set(this.#prints.idBytes(entry), at);
      bytes.set(this.#treeAt(entry), at + PRINT_BYTES);
    }
    return bytes;
  }

  /** The reverse; what is left over at the end is not looked at. */
  static fromBytes(bytes: Uint8Array): DirectoryCache {
    const cache = new DirectoryCache();
    const length = PRINT_BYTES + TREE_BYTES;
    for (let at = 0; at + length <= bytes.length; at += length) {
      cache.#append(bytes.subarray(at, at + PRINT_BYTES), bytes.subarray(at + PRINT_BYTES, at + length));
    }
    return cache;
  }

  #append(print: Uint8Array, tree: Uint8Array): void {
    const entry = this.#prints.add(print);
    if ((entry + 1) * TREE_BYTES > this.#trees.length) {
      const wider = new Uint8Array(this.#trees.length * 2);
      wider.set(this.#trees);
      this.#trees = wider;
    }
    this.#treeAt(entry).set(tree);
  }

  #treeAt(entry: number): Uint8Array {
    return this.#trees.subarray(entry * TREE_BYTES, (entry + 1) * TREE_BYTES);
  }
}
