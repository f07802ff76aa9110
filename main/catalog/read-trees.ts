import { type LoadedIndex, loadTrees, type Repository } from '../engine/engine.ts';
import { fromWire, TriplicateError } from '../engine/errors.ts';
import type { TreeId } from '../engine/ids.ts';
import type { CatalogNode } from './node-value.ts';

/** Gives the entries of each directory. @throws when one of them cannot be read anywhere */
export type ReadTrees = (ids: readonly string[]) => Promise<ReadonlyMap<string, readonly CatalogNode[]>>;

/** Where trees are read from. */
export interface TreeSource {
  readonly repository: Repository;
  readonly loaded: LoadedIndex;
}

/**
 * Reads each directory from the first source that has it, many together; one that is damaged there from the next.
 * @throws `repo/blob-missing`, `repo/damaged`, `store/…`, `cancelled`
 */
export function readTreesFrom(sources: readonly TreeSource[], signal?: AbortSignal): ReadTrees {
  return async (ids) => {
    const found = new Map<string, readonly CatalogNode[]>();
    let missing = new Set(ids as readonly TreeId[]);
    let failure: unknown;
    for (const { repository, loaded } of sources) {
      const here = [...missing].filter((id) => loaded.index.has('tree', id));
      if (here.length === 0) continue;
      for (const [id, tree] of await loadTrees(repository, loaded.index, here, signal)) {
        if (tree.state === 'read') found.set(id, tree.nodes);
        else failure = fromWire(tree.error);
      }
      missing = new Set([...missing].filter((id) => !found.has(id)));
    }
    if (missing.size === 0) return found;
    throw failure ?? new TriplicateError('repo/blob-missing', 'A directory is in no destination that can be reached.');
  };
}
