import { TriplicateError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { TreeText, TreeTextSink } from '../format/tree-text.ts';
import type { EarlierRows } from './earlier-rows.ts';
import type { NewFiles } from './new-files.ts';

/**
 * The entries of a directory by their positions, in the order of raw names: nodes, rows of the parent's directory that stay as
 * they are, and in columns what is new; nothing for what turned out not to be there.
 */
export class DirectoryEntries {
  readonly #nodes: (TreeNode | null)[];
  readonly #rows: EarlierRows | null;
  /** One more than the row, for what stays as it is. */
  readonly #kept: Uint32Array;
  /** Null while there are none. */
  newFiles: NewFiles | null = null;

  /** Nothing yet. @param rows the entries of the parent's directory, if they may be kept */
  constructor(count: number, rows: EarlierRows | null) {
    this.#nodes = new Array<TreeNode | null>(count).fill(null);
    this.#rows = rows;
    this.#kept = new Uint32Array(rows ? count : 0);
  }

  static asBefore(rows: EarlierRows): DirectoryEntries {
    const entries = new DirectoryEntries(rows.count, rows);
    for (let row = 0; row < rows.count; row++) entries.keep(row, row);
    return entries;
  }

  /** Whether there is something at this position, in whatever form. */
  has(position: number): boolean {
    return this.newFiles?.has(position) || this.isKept(position) || this.#nodes[position] != null;
  }

  isKept(position: number): boolean {
    return (this.#kept[position] ?? 0) > 0;
  }

  /** Null where there is nothing, and for a file in columns. */
  node(position: number): TreeNode | null {
    const kept = this.#kept[position] ?? 0;
    return kept > 0 && this.#rows ? this.#rows.node(kept - 1) : (this.#nodes[position] ?? null);
  }

  /** In place of whatever was there. */
  set(position: number, node: TreeNode | null): void {
    this.newFiles?.remove(position);
    if (this.isKept(position)) this.#kept[position] = 0;
    this.#nodes[position] = node;
  }

  /** The parent's entry stays as it is. */
  keep(position: number, row: number): void {
    if (!this.#rows) throw new TriplicateError('internal', 'There are no earlier entries of which one could be kept.');
    this.set(position, null);
    this.#kept[position] = row + 1;
  }

  /** Whether these are just the parent's entries. */
  get areAsBefore(): boolean {
    const rows = this.#rows;
    if (!rows || this.newFiles?.isEmpty === false) return false;
    let next = 0;
    for (const [position, node] of this.#nodes.entries()) {
      if (!node && !this.isKept(position)) continue;
      const isNext = node ? rows.isNode(next, node) : this.#kept[position] === next + 1;
      if (!isNext) return false;
      next++;
    }
    return next === rows.count;
  }

  /** About as many bytes as the text of what is new takes, as far as it is in columns. */
  get newBytes(): number {
    return this.newFiles?.textBytes ?? 0;
  }

  /** Writes all entries into a tree, and lets go of each as it goes: of a large directory nodes are several times its text. */
  writeTo(text: TreeText, expected: number, sink: TreeTextSink | null = null): void {
    const { newFiles } = this;
    text.begin(expected, sink);
    for (let position = 0; position < this.#nodes.length; position++) {
      const node = this.#nodes[position];
      if (this.isKept(position)) position = this.#writeKept(text, position);
      else if (newFiles?.has(position)) newFiles.writeTo(text, position);
      else if (node) {
        text.node(node);
        this.#nodes[position] = null;
      }
    }
    text.end();
    this.#rows?.giveBack();
    newFiles?.giveBack();
    this.newFiles = null;
  }

  /** Writes the rows that follow each other from this position on, and gives the position of the last. */
  #writeKept(text: TreeText, position: number): number {
    const first = this.#kept[position] as number;
    let end = position + 1;
    while (this.#kept[end] === first + end - position) end++;
    this.#rows?.writeTo(text, first - 1, first - 1 + end - position);
    return end - 1;
  }
}
