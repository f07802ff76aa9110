import type { TreeNode } from '../format/tree.ts';
import type { TreeText } from '../format/tree-text.ts';
import type { NewFiles } from './new-files.ts';

/**
 * The entries of a directory by their positions, in the order of raw names: nodes, and in columns what is new; nothing for what
 * turned out not to be there. What is unchanged is the parent's own node.
 */
export class DirectoryEntries {
  readonly #nodes: (TreeNode | null)[];
  /** Null while there are none. */
  newFiles: NewFiles | null = null;

  /** @param nodes become its own */
  constructor(nodes: (TreeNode | null)[]) {
    this.#nodes = nodes;
  }

  static ofNothing(count: number): DirectoryEntries {
    return new DirectoryEntries(new Array<TreeNode | null>(count).fill(null));
  }

  /** Whether there is something at this position, in whatever form. */
  has(position: number): boolean {
    return this.newFiles?.has(position) || this.#nodes[position] != null;
  }

  /** Null where there is nothing, and for a file in columns. */
  node(position: number): TreeNode | null {
    return this.#nodes[position] ?? null;
  }

  /** In place of whatever was there. */
  set(position: number, node: TreeNode | null): void {
    this.newFiles?.remove(position);
    this.#nodes[position] = node;
  }

  /** Whether these are just the nodes that are there now, the objects themselves. */
  areJust(nodes: readonly TreeNode[]): boolean {
    if (this.newFiles?.isEmpty === false) return false;
    let next = 0;
    for (const node of this.#nodes) if (node && node !== nodes[next++]) return false;
    return next === nodes.length;
  }

  /** Writes all entries into a tree, and lets go of each as it goes: of a large directory nodes are several times its text. */
  writeTo(text: TreeText): void {
    const { newFiles } = this;
    text.begin(newFiles?.textBytes);
    for (let position = 0; position < this.#nodes.length; position++) {
      const node = this.#nodes[position];
      if (newFiles?.has(position)) newFiles.writeTo(text, position);
      else if (node) {
        text.node(node);
        this.#nodes[position] = null;
      }
    }
    text.end();
    newFiles?.giveBack();
    this.newFiles = null;
  }
}
