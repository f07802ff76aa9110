import { hasCode } from '../errors.ts';
import type { Snapshot } from '../format/snapshot.ts';
import type { TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import { findEntry } from './dump.ts';

/**
 * Where a folder may lie in a snapshot that names its absolute path, the likeliest place first. restic stores a folder that
 * it was given by a relative path under that path alone, and what `.` holds at the root.
 * @returns paths of names, none for the root of the snapshot
 */
export function placesOf(root: string, paths: readonly string[]): readonly (readonly string[])[] {
  const names = root.split('/').filter(Boolean);
  const below = names.map((_, first) => names.slice(first));
  if (!paths.includes(root)) return below.slice(0, 1);
  return paths.length === 1 ? [...below, []] : below;
}

/** The path of a folder in a snapshot, without the `/` at its end. @throws `path/not-found`, `repo/…`, `store/…` */
export async function folderPlace(
  repository: Repository,
  index: BlobIndex,
  snapshot: Pick<Snapshot, 'tree' | 'paths'>,
  root: string,
  signal?: AbortSignal,
): Promise<{ readonly path: string; readonly tree: TreeId | undefined }> {
  let failure: unknown;
  for (const names of placesOf(root, snapshot.paths)) {
    if (names.length === 0) return { path: '', tree: snapshot.tree };
    const path = `/${names.join('/')}`;
    try {
      return { path, tree: (await findEntry(repository, index, snapshot.tree, path, signal)).subtree };
    } catch (error) {
      if (!hasCode(error, 'path/not-found')) throw error;
      failure ??= error;
    }
  }
  throw failure;
}
