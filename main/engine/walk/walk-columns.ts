import { hasCode, throwIfCancelled, toWire, type WireError } from '../errors.ts';
import { decodeTree } from '../format/tree.ts';
import { fillFromNodes, TreeColumns } from '../format/tree-columns.ts';
import { scanTree } from '../format/tree-scan.ts';
import type { TreeId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { readBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';
import { loadTreeTexts } from './load-trees.ts';
import { AHEAD, MAX_DEPTH, TOO_DEEP } from './walk-tree.ts';

/** Text of directories that is held ahead at each level, beyond the one that is wanted. */
const AHEAD_BYTES = 16 * 1024 * 1024;

/** A directory to go into, and what the visitor knows of it. */
export interface Descent<Folder> {
  readonly tree: TreeId;
  readonly folder: Folder;
}

export interface ColumnsVisitor<Folder> {
  /** All entries of a directory; gives the directories among them to go into, in their order. */
  directory(folder: Folder, entries: TreeColumns): Promise<readonly Descent<Folder>[]>;
  /** A directory that cannot be read: everything below it is missing. */
  unreadable(folder: Folder, error: WireError): void;
}

interface Frame<Folder> {
  readonly descents: readonly Descent<Folder>[];
  next: number;
  /** Plaintexts of directories up to `loadedTo`; not of those whose first copy is bad. */
  texts: ReadonlyMap<TreeId, Uint8Array>;
  loadedTo: number;
}

const NONE: ReadonlyMap<TreeId, Uint8Array> = new Map();

/**
 * Visits a tree directory by directory, each before those in it, in columns: for walks through very many entries of which no
 * objects are wanted. Directories beside each other are read together. @throws `store/…`, `cancelled`
 */
export async function walkColumns<Folder>(
  repository: Repository,
  index: BlobIndex,
  root: Descent<Folder>,
  visitor: ColumnsVisitor<Folder>,
  signal?: AbortSignal,
): Promise<void> {
  const entries = new TreeColumns();
  const frames = [frameOf([root])];
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const descent = frame.descents[frame.next];
    if (!descent) {
      frames.pop();
      continue;
    }
    throwIfCancelled(signal);
    const { tree, folder } = descent;
    if (frame.next === frame.loadedTo) {
      const ahead = nextTrees(frame, index);
      frame.texts = await loadTreeTexts(repository, index, ahead.trees, signal);
      frame.loadedTo = ahead.end;
    }
    const text = frame.texts.get(tree);
    if (++frame.next === frame.descents.length) frame.texts = NONE;
    const failure =
      frames.length > MAX_DEPTH ? TOO_DEEP : await fill(entries, repository, index, { tree, text }, signal);
    if (failure) visitor.unreadable(folder, failure);
    else frames.push(frameOf(await visitor.directory(folder, entries)));
  }
}

/** Gives why the directory cannot be read. `text`: absent when its first copy is bad. */
async function fill(
  entries: TreeColumns,
  repository: Repository,
  index: BlobIndex,
  { tree, text }: { readonly tree: TreeId; readonly text: Uint8Array | undefined },
  signal: AbortSignal | undefined,
): Promise<WireError | undefined> {
  try {
    const plain = text ?? (await readBlob(repository, index, 'tree', tree, signal));
    if (!scanTree(plain, entries)) fillFromNodes(entries, decodeTree(plain));
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
    return toWire(error);
  }
}

function frameOf<Folder>(descents: readonly Descent<Folder>[]): Frame<Folder> {
  return { descents, next: 0, texts: NONE, loadedTo: 0 };
}

/** The directories that are read together, and where in the frame the first one behind them is. */
function nextTrees<Folder>({ descents, next }: Frame<Folder>, index: BlobIndex) {
  const trees = new Set<TreeId>();
  let bytes = 0;
  let end = next;
  for (; end < descents.length && trees.size < AHEAD; end++) {
    const { tree } = descents[end] as Descent<Folder>;
    if (trees.has(tree)) continue;
    const number = index.numberOf('tree', tree);
    if (number !== -1) bytes += index.plainLengthAt(number);
    if (trees.size > 0 && bytes > AHEAD_BYTES) break;
    trees.add(tree);
  }
  return { trees, end } as const;
}
