import type { BlobId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { Repository } from '../repository/repository.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { BlobSet } from '../walk/blob-set.ts';
import { pathText, walkTree } from '../walk/walk-tree.ts';
import { type AffectedSnapshot, MAX_PATHS } from './report.ts';

/** Which paths of which snapshots cannot be restored when these blobs are lost. */
export async function findAffected(
  repository: Repository,
  index: BlobIndex,
  snapshots: readonly StoredSnapshot[],
  lost: BlobSet,
  signal?: AbortSignal,
): Promise<readonly AffectedSnapshot[]> {
  const byTree = Map.groupBy(snapshots, ({ snapshot }) => snapshot.tree);
  const affected: AffectedSnapshot[] = [];
  for (const [tree, group] of byTree) {
    const paths: string[] = [];
    let count = 0;
    const note = (path: string): void => {
      if (++count <= MAX_PATHS) paths.push(path);
    };
    await walkTree(
      repository,
      index,
      tree,
      {
        entry(path, node) {
          if (node.content?.some((id) => lost.has('data', id))) note(pathText(path));
          const isLost = node.subtree !== undefined && lost.has('tree', node.subtree as BlobId);
          if (isLost) note(pathText(path));
          return isLost ? 'skip' : 'descend';
        },
        unreadable: (path) => note(pathText(path)),
      },
      signal,
    );
    if (count === 0) continue;
    for (const { id, snapshot } of group) {
      affected.push({ id, time: snapshot.time.text ?? '', paths: snapshot.paths, lost: paths, lostCount: count });
    }
  }
  return affected;
}
