import { addEntry, addSpan, endSpan, markGone, setTree } from './entries.ts';
import type { FolderPart } from './folder-part.ts';
import { type CatalogNode, isSameContent, isSameValue, latin1, type NodeValue, nodeValue, TYPE } from './node-value.ts';
import type { ReadTrees } from './read-trees.ts';
import type { Writing } from './writing.ts';

export interface Changes {
  added: number;
  changed: number;
  removed: number;
}

/** A directory to compare: its tree now, or null when it is gone; `new` when the catalog has nothing below it. */
interface Task {
  readonly entry: number;
  readonly tree: string | null;
  readonly below: 'known' | 'new';
}

interface Row extends NodeValue {
  readonly id: number;
  readonly name: Uint8Array;
  readonly tree: string | null;
  /** Null when it is not there in the newest moment. */
  readonly first: number | null;
}

const CHILDREN = `SELECT id, name, tree, first, type, size, mtime, content
  FROM entry LEFT JOIN span ON span.entry = entry.id AND span.last IS NULL WHERE parent = ?`;

/** Directories asked for together: one request serves many. */
const ROUND = 256;

/**
 * Writes what the new newest moment changed: compares its trees with what the catalog says of the newest so far. Subtrees
 * that are the same are not read, and trees of earlier moments are not needed at all.
 */
export async function appendMoment(
  part: FolderPart,
  moment: { readonly at: number; readonly tree: string },
  readTrees: ReadTrees,
  writing: Writing,
): Promise<Changes> {
  const before = part.upTo(moment.at - 1)?.at ?? null;
  const counts: Changes = { added: 0, changed: 0, removed: 0 };
  const waiting: Task[] = [{ entry: part.root, tree: moment.tree, below: before === null ? 'new' : 'known' }];
  while (waiting.length > 0) {
    const round = waiting.splice(-ROUND);
    const trees = await readTrees(round.flatMap(({ tree }) => tree ?? []));
    writing.resume();
    for (const task of round) {
      const nodes = task.tree === null ? [] : (trees.get(task.tree) ?? []);
      await compareDirectory({ part, at: moment.at, before, counts, writing, waiting }, task, nodes);
    }
  }
  return counts;
}

interface Work {
  readonly part: FolderPart;
  readonly at: number;
  readonly before: number | null;
  readonly counts: Changes;
  readonly writing: Writing;
  readonly waiting: Task[];
}

async function compareDirectory(work: Work, task: Task, nodes: readonly CatalogNode[]): Promise<void> {
  const rows = task.below === 'new' ? [] : work.part.database.all<Row>(CHILDREN, task.entry);
  const byName = new Map(rows.map((row) => [latin1(row.name), row]));
  for (const node of nodes) {
    const name = latin1(node.name);
    const row = byName.get(name);
    byName.delete(name);
    writeNode(work, task.entry, node, row);
    await work.writing.pause();
  }
  for (const row of byName.values()) {
    if (row.first === null) continue;
    endRow(work, row);
    await work.writing.pause();
  }
}

function writeNode({ part, at, before, counts, waiting }: Work, parent: number, node: CatalogNode, row?: Row): void {
  const value = nodeValue(node);
  const standing = row?.first == null ? undefined : { ...row, first: row.first };
  const entry = row?.id ?? addEntry(part, parent, node.name, 0);
  if (row && !standing) markGone(part, entry, node.name, 0);
  if (!standing || !isSameValue(standing, value)) {
    if (standing) endSpan(part, entry, standing.first, before);
    addSpan(part, entry, value, { first: at, last: null });
  }
  count(counts, standing, value);
  const wasDirectory = standing?.type === TYPE.dir;
  if (value.type === TYPE.dir) {
    if (wasDirectory && row?.tree && row.tree === node.subtree) return;
    setTree(part, entry, node.subtree ?? null);
    waiting.push({ entry, tree: node.subtree ?? null, below: row ? 'known' : 'new' });
  } else if (wasDirectory) {
    setTree(part, entry, null);
    waiting.push({ entry, tree: null, below: 'known' });
  }
}

function endRow({ part, before, counts, waiting }: Work, row: Row): void {
  endSpan(part, row.id, row.first ?? 0, before);
  markGone(part, row.id, row.name, 1);
  count(counts, row, undefined);
  if (row.type === TYPE.dir) waiting.push({ entry: row.id, tree: null, below: 'known' });
}

/** Directories are not counted: they change with whatever is in them. */
export function count(counts: Changes, before: NodeValue | undefined, after: NodeValue | undefined): void {
  const was = before !== undefined && before.type !== TYPE.dir;
  const is = after !== undefined && after.type !== TYPE.dir;
  if (was && is) counts.changed += isSameContent(before, after) ? 0 : 1;
  else if (is) counts.added++;
  else if (was) counts.removed++;
}
