import type { Changes } from './append-moment.ts';
import { count } from './append-moment.ts';
import { markGone } from './entries.ts';
import type { FolderPart, StoredMoment } from './folder-part.ts';
import type { NodeValue } from './node-value.ts';
import type { Writing } from './writing.ts';

/**
 * Takes moments out without reading a tree: spans of which no moment is left go, and so do paths without spans; all
 * others stay as they are. The counts of the moments that follow are made anew. What a process that ends in the middle has begun,
 * the next update does again: until then the moments stay, as unfinished ones.
 */
export async function forgetMoments(part: FolderPart, ats: readonly number[], writing: Writing): Promise<void> {
  const newestBefore = part.newest?.at;
  part.hideMoments(ats);
  const { newest } = part;
  if (!newest) {
    part.clear();
    return;
  }
  if (newest.at !== newestBefore) await reopen(part, newest.at, writing);
  const gaps = new Map<number | null, StoredMoment>();
  for (const at of ats) {
    const after = part.from(at);
    if (after) gaps.set(part.upTo(at)?.at ?? null, after);
  }
  for (const [before, after] of gaps) {
    await dropSpans(part, before, after.at, writing);
    await recount(part, after, writing);
  }
  part.removeMoments(ats);
}

/** An earlier moment is the newest again: what stood in it stands now. */
async function reopen(part: FolderPart, newest: number, writing: Writing): Promise<void> {
  const { database, root, end } = part;
  const late = database.all<{ entry: number }>(
    'SELECT entry FROM span WHERE first > ? AND entry BETWEEN ? AND ?',
    ...[newest, root, end],
  );
  const ended = database.all<{ entry: number }>(
    'SELECT entry FROM span WHERE last >= ? AND first <= ? AND entry BETWEEN ? AND ?',
    ...[newest, newest, root, end],
  );
  const touched = new Set([...late, ...ended].map(({ entry }) => entry));
  // Which tree a directory has now is no longer known; the next moment is compared in full, once.
  database.run('UPDATE entry SET tree = NULL WHERE id BETWEEN ? AND ? AND tree IS NOT NULL', root, end);
  for (const entry of touched) {
    database.run('DELETE FROM span WHERE entry = ? AND first > ?', entry, newest);
    database.run('UPDATE span SET last = NULL WHERE entry = ? AND first <= ? AND last >= ?', entry, newest, newest);
    settleEntry(part, entry);
    await writing.pause();
  }
}

/** The entry goes when nothing is left of it; else whether it is there now is noted. */
function settleEntry(part: FolderPart, entry: number): void {
  const { database } = part;
  const row = database.get<{ name: Uint8Array; gone: number; spans: number; standing: number }>(
    `SELECT name, gone, (SELECT count(*) FROM span WHERE entry = id) AS spans,
      (SELECT count(*) FROM span WHERE entry = id AND last IS NULL) AS standing FROM entry WHERE id = ?`,
    entry,
  );
  if (!row) return;
  if (row.spans === 0) {
    database.run('DELETE FROM entry WHERE id = ?', entry);
    database.run('DELETE FROM name_search WHERE rowid = ?', entry);
    if (row.gone) database.run('DELETE FROM gone_search WHERE rowid = ?', entry);
  } else if ((row.standing === 0) !== (row.gone === 1)) {
    markGone(part, entry, row.name, row.standing === 0 ? 1 : 0);
  }
}

/** Removes the spans that lie between two moments with none left in between. */
async function dropSpans(part: FolderPart, before: number | null, after: number, writing: Writing): Promise<void> {
  const { database, root, end } = part;
  const from = before ?? Number.MIN_SAFE_INTEGER;
  const lost = database.all<{ entry: number; first: number }>(
    'SELECT entry, first FROM span WHERE last >= ? AND last < ? AND first > ? AND entry BETWEEN ? AND ?',
    ...[from, after, from, root, end],
  );
  for (const { entry, first } of lost) {
    database.run('DELETE FROM span WHERE entry = ? AND first = ?', entry, first);
    settleEntry(part, entry);
    await writing.pause();
  }
}

const TOUCHED = `SELECT entry FROM span WHERE first > ?1 AND first <= ?2 AND entry BETWEEN ?3 AND ?4
  UNION SELECT entry FROM span WHERE last >= ?1 AND last < ?2 AND entry BETWEEN ?3 AND ?4`;
const STANDING = `SELECT type, size, mtime, content FROM span
  WHERE entry = ?1 AND first <= ?2 AND (last IS NULL OR last >= ?2)`;

/** Counts what a moment changed against the one that is before it now. */
export async function recount(part: FolderPart, moment: StoredMoment, writing: Writing): Promise<void> {
  const { database, root, end } = part;
  const before = part.upTo(moment.at - 1);
  const counts: Changes = { added: 0, changed: 0, removed: 0 };
  if (!before) {
    counts.added = moment.files;
  } else {
    for (const { entry } of database.all<{ entry: number }>(TOUCHED, before.at, moment.at, root, end)) {
      const was = database.get<NodeValue>(STANDING, entry, before.at);
      count(counts, was, database.get<NodeValue>(STANDING, entry, moment.at));
      await writing.pause();
    }
  }
  part.addMoment({ ...moment, ...counts });
}
