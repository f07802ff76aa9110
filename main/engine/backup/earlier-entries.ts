import type { TreeId } from '../ids.ts';
import type { EarlierRows } from './earlier-rows.ts';

/** The parent's entries of a directory, asked for in the order of names. */
export class EarlierEntries {
  readonly #rows: EarlierRows | null;
  #next = 0;
  #filesPassed = 0;
  readonly #treesPassed: TreeId[] = [];

  constructor(rows: EarlierRows | null) {
    this.#rows = rows;
  }

  /** The row of the entry with the name from `start` to `end`; -1 when there was none. */
  take(names: Uint8Array, start: number, end: number): number {
    const rows = this.#rows;
    if (!rows) return -1;
    for (; this.#next < rows.count; this.#next++) {
      const order = rows.compareName(this.#next, names, start, end);
      if (order > 0) return -1;
      if (order === 0) return this.#next++;
      this.#pass(rows, this.#next);
    }
    return -1;
  }

  /** No more will be asked for. Gives what was there before and was not asked for: deleted files, and deleted directories. */
  passedOver(): { readonly files: number; readonly trees: readonly TreeId[] } {
    const rows = this.#rows;
    if (rows) for (; this.#next < rows.count; this.#next++) this.#pass(rows, this.#next);
    return { files: this.#filesPassed, trees: this.#treesPassed };
  }

  #pass(rows: EarlierRows, row: number): void {
    if (rows.type(row) === 'file') this.#filesPassed++;
    const subtree = rows.subtree(row);
    if (subtree) this.#treesPassed.push(subtree);
  }
}
