import type { FolderPart } from './folder-part.ts';
import { indexText } from './folding.ts';
import { type NodeValue, nameText } from './node-value.ts';

/** A span with its keys as stored; null for one that stands in the newest moment. */
export interface StoredSpan extends NodeValue {
  readonly first: number;
  readonly last: number | null;
}

/** Adds a path. `gone` says whether it is there in the newest moment. Returns its number. */
export function addEntry(part: FolderPart, parent: number, name: Uint8Array, gone: 0 | 1): number {
  const id = part.newEntry();
  const { database } = part;
  database.run('INSERT INTO entry (id, parent, name, gone) VALUES (?, ?, ?, ?)', id, parent, name, gone);
  const text = indexText(nameText(name));
  database.run('INSERT INTO name_search (rowid, name) VALUES (?, ?)', id, text);
  if (gone) database.run('INSERT INTO gone_search (rowid, name) VALUES (?, ?)', id, text);
  return id;
}

/** Notes that a path is there in the newest moment, or no longer. */
export function markGone({ database }: FolderPart, entry: number, name: Uint8Array, gone: 0 | 1): void {
  database.run('UPDATE entry SET gone = ?, tree = NULL WHERE id = ?', gone, entry);
  if (gone) database.run('INSERT INTO gone_search (rowid, name) VALUES (?, ?)', entry, indexText(nameText(name)));
  else database.run('DELETE FROM gone_search WHERE rowid = ?', entry);
}

export function addSpan(
  { database }: FolderPart,
  entry: number,
  value: NodeValue,
  moments: Pick<StoredSpan, 'first' | 'last'>,
): void {
  const { type, size, mtime, content } = value;
  database.run(
    'INSERT INTO span (entry, first, last, type, size, mtime, content) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ...[entry, moments.first, moments.last, type, size, mtime, content],
  );
}

/** The span ends with this moment. */
export function endSpan({ database }: FolderPart, entry: number, first: number, last: number | null): void {
  database.run('UPDATE span SET last = ? WHERE entry = ? AND first = ?', last, entry, first);
}

export function removeSpan({ database }: FolderPart, entry: number, first: number): void {
  database.run('DELETE FROM span WHERE entry = ? AND first = ?', entry, first);
}

/** What stood at each moment of the entry, oldest first. */
export function spansOf({ database }: FolderPart, entry: number): readonly StoredSpan[] {
  return database.all<StoredSpan>(
    'SELECT first, last, type, size, mtime, content FROM span WHERE entry = ? ORDER BY first',
    entry,
  );
}

export function setTree({ database }: FolderPart, entry: number, tree: string | null): void {
  database.run('UPDATE entry SET tree = ? WHERE id = ?', tree, entry);
}
