import { addEntry, addSpan, endSpan, removeSpan } from './entries.ts';
import type { FolderPart } from './folder-part.ts';
import { type CatalogNode, isSameValue, latin1, type NodeValue, nodeValue, TYPE } from './node-value.ts';
import type { ReadTrees } from './read-trees.ts';
import type { Writing } from './writing.ts';

interface Row extends NodeValue {
  readonly id: number;
  readonly name: Uint8Array;
  /** Null when nothing stood there at that time. */
  readonly first: number | null;
  readonly last: number | null;
}

const CHILDREN = `SELECT id, name, first, last, type, size, mtime, content
  FROM entry LEFT JOIN span ON span.entry = entry.id AND first <= ?1 AND (last IS NULL OR last >= ?1) WHERE parent = ?2`;

const ROUND = 256;

/**
 * Writes a moment between others, as a slow destination or one that comes back may bring it. All of its trees are read
 * and compared with what the catalog says of that time. Returns how many entries that are not directories it has.
 */
export async function insertMoment(
  part: FolderPart,
  moment: { readonly at: number; readonly tree: string },
  readTrees: ReadTrees,
  writing: Writing,
): Promise<number> {
  const { at } = moment;
  const around = { at, before: part.upTo(at - 1)?.at ?? null, after: part.from(at + 1)?.at ?? null };
  let files = 0;
  const waiting: { entry: number; tree: string | null }[] = [{ entry: part.root, tree: moment.tree }];
  while (waiting.length > 0) {
    const round = waiting.splice(-ROUND);
    const trees = await readTrees(round.flatMap(({ tree }) => tree ?? []));
    writing.resume();
    for (const { entry, tree } of round) {
      const rows = part.database.all<Row>(CHILDREN, at, entry);
      const byName = new Map(rows.map((row) => [latin1(row.name), row]));
      for (const node of tree === null ? [] : (trees.get(tree) ?? [])) {
        const row = byName.get(latin1(node.name));
        byName.delete(latin1(node.name));
        const id = writeNode(part, around, entry, node, row);
        if (node.type === 'dir') waiting.push({ entry: id, tree: node.subtree ?? null });
        else files++;
        if (node.type !== 'dir' && row && mayHoldSome(part, row)) waiting.push({ entry: id, tree: null });
        await writing.pause();
      }
      for (const row of byName.values()) {
        if (mayHoldSome(part, row)) waiting.push({ entry: row.id, tree: null });
        if (row.first !== null) splitSpan(part, around, row);
        await writing.pause();
      }
    }
  }
  return files;
}

/** Whether something may stand below it: also where a process that ended in between had taken out the directory and not what is in it. */
function mayHoldSome(part: FolderPart, { id, first, type }: Row): boolean {
  if (first !== null) return type === TYPE.dir;
  return part.database.get('SELECT 1 FROM entry WHERE parent = ? LIMIT 1', id) !== undefined;
}

interface Around {
  readonly at: number;
  readonly before: number | null;
  readonly after: number | null;
}

function writeNode(part: FolderPart, around: Around, parent: number, node: CatalogNode, row?: Row): number {
  const value = nodeValue(node);
  const entry = row?.id ?? addEntry(part, parent, node.name, 1);
  if (row?.first != null) {
    if (isSameValue(row, value)) return entry;
    splitSpan(part, around, row);
  }
  addSpan(part, entry, value, { first: around.at, last: around.at });
  return entry;
}

/** Takes the moment out of a span that goes over it. */
function splitSpan(part: FolderPart, { before, after }: Around, row: Row): void {
  const first = row.first ?? 0;
  if (before !== null && first <= before) endSpan(part, row.id, first, before);
  else removeSpan(part, row.id, first);
  if (after !== null && (row.last === null || row.last >= after))
    addSpan(part, row.id, row, { first: after, last: row.last });
}
