import { TriplicateError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { TreeId } from '../ids.ts';
import { type Directory, shownPath } from './directory.ts';
import type { EarlierDirectory } from './parent.ts';

/** Folders that are empty now and were not: a disk that is not mounted is no deletion of everything. */
export class Emptied {
  readonly #earlier: (tree: TreeId) => Promise<EarlierDirectory | null>;

  /** @param earlier gives a directory of the parent snapshot */
  constructor(earlier: (tree: TreeId) => Promise<EarlierDirectory | null>) {
    this.#earlier = earlier;
  }

  /**
   * Of what was asked for.
   * @param before what the parent snapshot has in its place
   * @throws `source/empty-suspicious` where another disk used to be
   */
  async refuse(directory: Directory, before: TreeNode | null): Promise<void> {
    const now = directory.parent?.entries.node(directory.position);
    if (!now || before?.deviceId === now.deviceId || !(await this.#hadEntries(before))) return;
    const path = shownPath(directory);
    throw new TriplicateError(
      'source/empty-suspicious',
      `${path} is empty and lies on another disk than before: the disk that holds it is probably not connected.`,
      { data: { path } },
    );
  }

  /** Of a folder in what was asked for: whether a disk was mounted there, and is no more. */
  async isLeftByMount(directory: Directory, before: TreeNode | null): Promise<boolean> {
    const above = directory.parent;
    const now = above?.entries.node(directory.position);
    const aboveNow = above?.same ?? above?.parent?.entries.node(above.position);
    if (!above || !now || !aboveNow || above.deviceBefore === undefined) return false;
    // By the folder above it, as devices are numbered anew from one start of the system to the next.
    const wasMount = before?.deviceId !== above.deviceBefore;
    return wasMount && now.deviceId === aboveNow.deviceId && this.#hadEntries(before);
  }

  async #hadEntries(before: TreeNode | null): Promise<boolean> {
    const earlier = before?.subtree ? await this.#earlier(before.subtree) : null;
    return (earlier?.rows()?.count ?? 0) > 0;
  }
}

/** Why such a folder counts as one that cannot be read, in the form of a system's error. */
export function unmounted(): Error {
  const why = 'it is empty; the disk or share that was mounted there is probably not connected';
  return Object.assign(new Error(why), { code: 'ENODEV' });
}
