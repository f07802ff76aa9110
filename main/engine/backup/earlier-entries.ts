import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { type BytePath, compareBytes } from './byte-path.ts';

/** The parent's entries of a directory, asked for in the order of names. */
export class EarlierEntries {
  readonly #nodes: readonly TreeNode[];
  #next = 0;
  #filesPassed = 0;
  readonly #treesPassed: TreeId[] = [];

  constructor(nodes: readonly TreeNode[] | null) {
    this.#nodes = nodes ?? [];
  }

  /** None are left. */
  get isOver(): boolean {
    return this.#next >= this.#nodes.length;
  }

  take(name: BytePath): TreeNode | null {
    for (let node = this.#nodes[this.#next]; node; node = this.#nodes[++this.#next]) {
      const order = compareBytes(node.name, name);
      if (order > 0) return null;
      if (order === 0) {
        this.#next++;
        return node;
      }
      this.#pass(node);
    }
    return null;
  }

  /** No more will be asked for. Gives what was there before and was not asked for: deleted files, and deleted directories. */
  passedOver(): { readonly files: number; readonly trees: readonly TreeId[] } {
    for (let node = this.#nodes[this.#next]; node; node = this.#nodes[++this.#next]) this.#pass(node);
    return { files: this.#filesPassed, trees: this.#treesPassed };
  }

  #pass(node: TreeNode): void {
    if (node.type === 'file') this.#filesPassed++;
    if (node.subtree) this.#treesPassed.push(node.subtree);
  }
}
