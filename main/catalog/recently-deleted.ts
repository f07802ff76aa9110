import { type HitInfo, hitInfo } from './answers.ts';
import type { FolderPart } from './folder-part.ts';

/** Ended spans looked at per folder: most of them end because of a change, not a deletion. */
const MOST_ENDED = 50_000;

interface Ended {
  readonly id: number;
  readonly last: number;
  /** The same of its directory; null while that stands. */
  readonly above: number | null;
}

/**
 * What is gone, the last deleted first. What went together with its directory is not named beside it: the directory
 * stands for all of it. `more` when not all were looked at or given.
 */
export function recentlyDeleted(
  folders: readonly { readonly folderId: string; readonly part: FolderPart }[],
  limit: number,
): { readonly hits: readonly HitInfo[]; readonly more: boolean } {
  const found = folders.flatMap(({ folderId, part }) =>
    lastEnded(part)
      .filter(({ last, above }) => above === null || part.upTo(above)?.at !== part.upTo(last)?.at)
      .map((one) => ({ ...one, folderId, part, gone: 1 })),
  );
  const sorted = found.sort((a, b) => b.last - a.last || a.id - b.id);
  const hits = sorted.slice(0, limit).flatMap((one) => hitInfo(one.folderId, one) ?? []);
  return { hits, more: sorted.length > limit || folders.some(({ part }) => hasMoreEnded(part)) };
}

const ENDED =
  'SELECT entry, last FROM span WHERE last IS NOT NULL AND entry > ? AND entry <= ? ORDER BY last DESC LIMIT ?';

function lastEnded(part: FolderPart): readonly Ended[] {
  return part.database.all<Ended>(
    `WITH found AS (SELECT id, parent, max(last) AS last FROM (${ENDED}) JOIN entry ON id = entry
        WHERE gone > 0 GROUP BY id)
      SELECT id, last, (SELECT max(span.last) FROM entry AS up JOIN span ON span.entry = up.id
        WHERE up.id = found.parent AND up.gone > 0) AS above FROM found`,
    ...[part.root, part.end, MOST_ENDED],
  );
}

function hasMoreEnded(part: FolderPart): boolean {
  return part.database.get(`${ENDED} OFFSET ${MOST_ENDED}`, part.root, part.end, 1) !== undefined;
}
