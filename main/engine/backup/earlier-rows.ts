import { compareRanges } from '../format/compare-ranges.ts';
import { decodeNode, type TreeNode } from '../format/tree.ts';
import { DIR, NODE_TYPES, TreeColumns } from '../format/tree-columns.ts';
import { CLOSE, NAME } from '../format/tree-layout.ts';
import { scanTree } from '../format/tree-scan.ts';
import type { TreeText } from '../format/tree-text.ts';
import { giveBack } from '../give-back.ts';
import type { TreeId } from '../ids.ts';

/** The entries of a directory of the parent snapshot, by row, ascending by raw name. */
export interface EarlierRows {
  readonly count: number;
  readonly type: (row: number) => TreeNode['type'];
  readonly subtree: (row: number) => TreeId | undefined;
  /** The same object for the same row. */
  readonly node: (row: number) => TreeNode;
  /** Whether this is the object that `node` gave for the row. */
  readonly isNode: (row: number, node: TreeNode) => boolean;
  /** Compares the row's name with the bytes from `start` to `end`, as `Buffer.compare` does. */
  readonly compareName: (row: number, names: Uint8Array, start: number, end: number) => number;
  /** Where the JSON of a row lies in the directory's text; null where it is not written as we write it. */
  readonly span: ((row: number) => { readonly start: number; readonly end: number }) | null;
  /** The ids of a file's content, 32 bytes each. Only where there are spans. */
  readonly contentIds: (row: number) => Uint8Array;
  /** Writes the rows from `row` up to `end` into a tree. */
  readonly writeTo: (text: TreeText, row: number, end: number) => void;
  /** Gives back what memory can be: nothing is asked of the rows any more, nor of the text that they are from. */
  readonly giveBack: () => void;
}

/** What an entry takes at least, about: so much room is made at first. */
const TYPICAL_BYTES = 320;
const ID_BYTES = 32;

/** The rows without an object for each, where the text is written as restic and Triplicate do; else null. */
export function rowsOfText(text: Uint8Array): EarlierRows | null {
  const columns = new TreeColumns(Math.ceil(text.length / TYPICAL_BYTES));
  return scanTree(text, columns) ? new TextRows(text, columns) : null;
}

class TextRows implements EarlierRows {
  readonly #text: Uint8Array;
  readonly #columns: TreeColumns;
  /** Those that were asked for. */
  readonly #nodes = new Map<number, TreeNode>();

  constructor(text: Uint8Array, columns: TreeColumns) {
    this.#text = text;
    this.#columns = columns;
  }

  get count(): number {
    return this.#columns.count;
  }

  type(row: number): TreeNode['type'] {
    return NODE_TYPES[this.#columns.types[row] as number] ?? 'file';
  }

  subtree(row: number): TreeId | undefined {
    return this.#columns.types[row] === DIR ? this.#columns.subtrees.get(row) : undefined;
  }

  node(row: number): TreeNode {
    let node = this.#nodes.get(row);
    if (!node) {
      node = decodeNode(this.#text.subarray(this.#start(row), this.#end(row)));
      this.#nodes.set(row, node);
    }
    return node;
  }

  isNode(row: number, node: TreeNode): boolean {
    return this.#nodes.get(row) === node;
  }

  compareName(row: number, names: Uint8Array, start: number, end: number): number {
    const { nameStarts, nameEnds } = this.#columns;
    return compareRanges(this.#text, nameStarts[row] as number, nameEnds[row] as number, names, start, end);
  }

  span(row: number): { readonly start: number; readonly end: number } {
    return { start: this.#start(row), end: this.#end(row) };
  }

  contentIds(row: number): Uint8Array {
    const { contentIds, contentEnds } = this.#columns;
    return contentIds.subarray(this.#columns.contentStart(row) * ID_BYTES, (contentEnds[row] as number) * ID_BYTES);
  }

  /** As one piece: they follow each other in the text just as they are to be written. */
  writeTo(text: TreeText, row: number, end: number): void {
    const { nameStarts, nameEnds } = this.#columns;
    const last = end - 1;
    text.entries(this.#text, this.#start(row), this.#end(last), {
      first: [nameStarts[row] as number, nameEnds[row] as number],
      last: [nameStarts[last] as number, nameEnds[last] as number],
    });
  }

  giveBack(): void {
    giveBack(this.#text);
    this.#columns.giveBack();
  }

  #start(row: number): number {
    return (this.#columns.nameStarts[row] as number) - NAME.length;
  }

  /** A comma stands between two. */
  #end(row: number): number {
    return row + 1 === this.count ? this.#text.length - CLOSE.length : this.#start(row + 1) - 1;
  }
}

/** Of a directory that is written in another way. */
export class NodeRows implements EarlierRows {
  readonly #nodes: readonly TreeNode[];
  readonly span = null;

  constructor(nodes: readonly TreeNode[]) {
    this.#nodes = nodes;
  }

  get count(): number {
    return this.#nodes.length;
  }

  type(row: number): TreeNode['type'] {
    return this.node(row).type;
  }

  subtree(row: number): TreeId | undefined {
    return this.node(row).subtree;
  }

  node(row: number): TreeNode {
    return this.#nodes[row] as TreeNode;
  }

  isNode(row: number, node: TreeNode): boolean {
    return this.#nodes[row] === node;
  }

  compareName(row: number, names: Uint8Array, start: number, end: number): number {
    const { name } = this.node(row);
    return compareRanges(name, 0, name.length, names, start, end);
  }

  contentIds(row: number): Uint8Array {
    return Buffer.from((this.node(row).content ?? []).join(''), 'hex');
  }

  writeTo(text: TreeText, row: number, end: number): void {
    for (let at = row; at < end; at++) text.node(this.node(at));
  }

  giveBack(): void {}
}
