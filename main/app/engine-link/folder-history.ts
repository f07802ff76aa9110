import { type LoadedIndex, type Repository, readTree, type TreeNode } from '../../engine/engine.ts';
import type { TreeId } from '../../engine/ids.ts';
import type { EntryType } from './calls.ts';

/** One content of one path, and the moments (positions in the folder's list) in which it stood. */
export interface Span {
  readonly type: EntryType;
  readonly size: number;
  readonly modified: bigint;
  readonly contentKey: string;
  readonly first: number;
  last: number;
}

export interface Moment {
  readonly time: bigint;
  readonly tree: TreeId;
  /** Snapshot ids by destination; the newest of each. */
  readonly copies: Map<string, string>;
  /** Every snapshot that shows this moment. */
  readonly snapshotIds: Set<string>;
  changes: { added: number; changed: number; removed: number };
}

/** Where trees are read from. */
export interface TreeSource {
  readonly repository: Repository;
  readonly loaded: LoadedIndex;
}

/** All versions of all paths of a folder, built by comparing one moment with the next; equal subtrees are not entered. */
export class FolderHistory {
  readonly moments: Moment[] = [];
  /** By the relative path's bytes as latin1, newest span last. */
  readonly spans = new Map<string, Span[]>();

  /** True when the given moments continue those that are known. */
  continues(trees: readonly TreeId[]): boolean {
    return this.moments.every(({ tree }, position) => trees[position] === tree);
  }

  async append(moment: Moment, sources: readonly TreeSource[], signal?: AbortSignal): Promise<void> {
    const before = this.moments.at(-1)?.tree ?? null;
    this.moments.push(moment);
    const position = this.moments.length - 1;
    await this.#compare(before, moment.tree, '', { sources, signal, position, moment });
  }

  async #compare(before: TreeId | null, after: TreeId | null, prefix: string, work: Work): Promise<void> {
    if (before === after) return;
    const [old, now] = await Promise.all([readAny(before, work), readAny(after, work)]);
    const oldByName = new Map(old.map((node) => [latin1(node.name), node]));
    for (const node of now) {
      const name = latin1(node.name);
      const path = prefix + name;
      const previous = oldByName.get(name);
      oldByName.delete(name);
      this.#record(path, previous, node, work);
      const subtreeBefore = previous?.type === 'dir' ? (previous.subtree ?? null) : null;
      const subtreeNow = node.type === 'dir' ? (node.subtree ?? null) : null;
      await this.#compare(subtreeBefore, subtreeNow, `${path}/`, work);
    }
    for (const [name, node] of oldByName) {
      const path = prefix + name;
      this.#record(path, node, undefined, work);
      if (node.type === 'dir') await this.#compare(node.subtree ?? null, null, `${path}/`, work);
    }
  }

  #record(path: string, before: TreeNode | undefined, after: TreeNode | undefined, { position, moment }: Work): void {
    const spans = this.spans.get(path) ?? [];
    const open = spans.at(-1);
    const standing = before && open && open.last === Number.POSITIVE_INFINITY ? open : undefined;
    if (!after) {
      if (standing) standing.last = position - 1;
      if (before && before.type !== 'dir') moment.changes.removed++;
      return;
    }
    const next = spanOf(after, position);
    if (
      standing &&
      standing.type === next.type &&
      standing.contentKey === next.contentKey &&
      standing.modified === next.modified
    )
      return;
    // A directory is one version for as long as it stands; its own times say nothing about its content.
    if (standing && standing.type === 'dir' && next.type === 'dir') return;
    if (standing) standing.last = position - 1;
    spans.push(next);
    this.spans.set(path, spans);
    if (after.type !== 'dir') moment.changes[before ? 'changed' : 'added']++;
  }
}

interface Work {
  readonly sources: readonly TreeSource[];
  readonly signal: AbortSignal | undefined;
  readonly position: number;
  readonly moment: Moment;
}

/** The entries of a tree from the first source that has it. */
async function readAny(
  id: TreeId | null,
  { sources, signal }: Pick<Work, 'sources' | 'signal'>,
): Promise<readonly TreeNode[]> {
  if (id === null) return [];
  let failure: unknown;
  for (const { repository, loaded } of sources) {
    if (!loaded.index.has('tree', id)) continue;
    try {
      return await readTree(repository, loaded.index, id, signal);
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error(`tree ${id} is in no repository`);
}

export { readAny as readTreeFromAny };

export function spanOf(node: TreeNode, position: number): Span {
  const type = entryType(node);
  const contentKey =
    type === 'file'
      ? (node.content ?? []).join('')
      : type === 'symlink'
        ? `→${latin1(node.linkTarget ?? new Uint8Array())}`
        : type;
  return {
    type,
    size: node.size,
    modified: node.mtime.ns,
    contentKey,
    first: position,
    last: Number.POSITIVE_INFINITY,
  };
}

export function entryType(node: TreeNode): EntryType {
  return node.type === 'file' || node.type === 'dir' || node.type === 'symlink' ? node.type : 'other';
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
