import { dirname } from 'node:path';
import type { FolderFacts } from './records.ts';

/** What of a folder could not be read, or not without changing meanwhile, and when that is known anew. Pure. */

export type Unread = FolderFacts['unread'];

/** What a run has to say of it. */
export interface UnreadInRun {
  readonly scan: 'full' | 'changes';
  /** The directories that it was to look at; null: all of them. */
  readonly lookedAt: readonly string[] | null;
  readonly unread: readonly string[];
  readonly moreUnread: number;
}

/** Where what the engine no longer names is counted: no run of changes looks there. */
const UNNAMED = '';

/** A run of changes says nothing of directories that it did not look at: what was known of them stays. */
export function unreadAfter(known: Unread, run: UnreadInRun): Unread {
  const found = new Map<string, number>();
  for (const path of run.unread) found.set(dirname(path), (found.get(dirname(path)) ?? 0) + 1);
  if (run.moreUnread > 0) found.set(UNNAMED, run.moreUnread);
  if (run.scan === 'changes' && run.lookedAt) {
    const lookedAt = new Set(run.lookedAt);
    for (const { directory, entries } of known) {
      if (directory === UNNAMED) found.set(UNNAMED, Math.max(entries, found.get(UNNAMED) ?? 0));
      else if (!lookedAt.has(directory) && !found.has(directory)) found.set(directory, entries);
    }
  }
  return [...found].map(([directory, entries]) => ({ directory, entries }));
}

/** Whether all that a run could not read lies where that was known before. */
export function isAllKnown(known: Unread, { unread, moreUnread }: Pick<UnreadInRun, 'unread' | 'moreUnread'>): boolean {
  const directories = new Set(known.map(({ directory }) => directory));
  return moreUnread === 0 && unread.every((path) => directories.has(dirname(path)));
}

export function countUnread(unread: Unread): number {
  return unread.reduce((sum, { entries }) => sum + entries, 0);
}

/** What a run of changes has to be told, so that it looks at these again: each may be a directory itself. */
export function directoriesOf(unread: readonly string[]): ReadonlySet<string> {
  return new Set(unread.flatMap((path) => [dirname(path), path]));
}
