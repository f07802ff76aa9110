import type { TreeNode } from '../format/tree.ts';
import { type BytePath, compareBytes } from './byte-path.ts';

/** The parent's entries of a directory, asked for in the order of names. */
export class EarlierEntries {
  readonly #nodes: readonly TreeNode[];
  #next = 0;
  #filesPassed = 0;

  constructor(nodes: readonly TreeNode[] | null) {
    this.#nodes = nodes ?? [];
  }

  take(name: BytePath): TreeNode | null {
    for (let node = this.#nodes[this.#next]; node; node = this.#nodes[++this.#next]) {
      const order = compareBytes(node.name, name);
      if (order > 0) return null;
      if (order === 0) {
        this.#next++;
        return node;
      }
      if (node.type === 'file') this.#filesPassed++;
    }
    return null;
  }

  /** Files that were there before and were not asked for: deleted ones. */
  filesPassedOver(): number {
    const rest = this.#nodes.slice(this.#next).filter(({ type }) => type === 'file').length;
    return this.#filesPassed + rest;
  }
}
