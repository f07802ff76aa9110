import { askForUnlisted, listNewSnapshots, placesOf, type Repository } from '../engine/engine.ts';
import { hasCode } from '../engine/errors.ts';
import { applyMoments } from './apply-moments.ts';
import { type Database, isOfDatabase } from './database.ts';
import { FolderPart } from './folder-part.ts';
import { type CatalogNode, latin1 } from './node-value.ts';
import { type ReadTrees, readTreesFrom, type TreeSource } from './read-trees.ts';
import type { Writing } from './writing.ts';

/** A destination that can be asked now. */
export interface CatalogSource {
  readonly destinationId: string;
  open(): Promise<Repository>;
  /** The repository with its index, up to date; only called when something has to be read. */
  withIndex(): Promise<TreeSource>;
}

export interface CatalogFolder {
  readonly folderId: string;
  /** The folder's absolute path. */
  readonly root: string;
  /** All of the folder's destinations; what others had is forgotten. */
  readonly destinationIds: readonly string[];
  readonly sources: readonly CatalogSource[];
}

/**
 * Reads what is new at each destination that can be asked and writes it down. A destination that fails is passed over;
 * what is known of it stays. @returns the failure of the last one that failed
 */
export async function updateFolder(
  database: Database,
  folder: CatalogFolder,
  writing: Writing,
  signal?: AbortSignal,
): Promise<{ readonly failure: unknown }> {
  const part = FolderPart.open(database, folder.folderId, folder.root);
  forgetDestinations(part, folder.destinationIds);
  let failure: unknown;
  for (const source of folder.sources) {
    try {
      await readSnapshots(part, folder.root, source, signal);
    } catch (error) {
      if (hasCode(error, 'cancelled') || isOfDatabase(error)) throw error;
      failure = error; // the other destinations still show their history
    }
  }
  writing.resume();
  await applyMoments(part, lazyTrees(folder.sources, signal), writing);
  return { failure };
}

function forgetDestinations({ database, number }: FolderPart, destinationIds: readonly string[]): void {
  const known = database.all<{ destination: string }>('SELECT destination FROM place WHERE folder = ?', number);
  for (const { destination } of known.filter((one) => !destinationIds.includes(one.destination))) {
    database.run('DELETE FROM snapshot WHERE folder = ? AND destination = ?', number, destination);
    database.run('DELETE FROM place WHERE folder = ? AND destination = ?', number, destination);
  }
}

/** Notes the destination's snapshots: the new ones are read, those that it no longer has are forgotten. */
async function readSnapshots(
  { database, number }: FolderPart,
  root: string,
  source: CatalogSource,
  signal?: AbortSignal,
): Promise<void> {
  const { destinationId } = source;
  const repository = await source.open();
  const place = [number, destinationId] as const;
  const before = database.get<{ repository: string }>(
    'SELECT repository FROM place WHERE folder = ? AND destination = ?',
    ...place,
  );
  if (before?.repository !== repository.config.id) {
    database.run('DELETE FROM snapshot WHERE folder = ? AND destination = ?', ...place);
    database.run('INSERT OR REPLACE INTO place VALUES (?, ?, ?)', ...place, repository.config.id);
  }
  const known = database
    .all<{ id: string }>('SELECT id FROM snapshot WHERE folder = ? AND destination = ?', ...place)
    .map(({ id }) => id);
  const { snapshots, ids } = await listNewSnapshots(repository, new Set(known), signal);
  // An empty listing is never truth, and one that lacks something is no proof: each is asked for by name.
  if (ids.size > 0) {
    const { gone } = await askForUnlisted(repository, known, ids, signal);
    for (const id of gone)
      database.run('DELETE FROM snapshot WHERE folder = ? AND destination = ? AND id = ?', ...place, id);
  }
  let readTrees: ReadTrees | undefined;
  for (const { id, snapshot } of snapshots) {
    let tree: string | null = null;
    if (snapshot.paths.includes(root)) {
      readTrees ??= readTreesFrom([await source.withIndex()], signal);
      const found = await rootTree(readTrees, snapshot, root);
      if (found === 'unreadable') continue; // tried again with the next update
      tree = found;
    }
    const time = microseconds(snapshot.time.ns);
    database.run('INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, NULL)', ...place, id, time, tree);
  }
}

/** Later times cannot be told apart as numbers, and would not come back from the database: the year 2255 stands for all of them. */
const LAST_MICROSECONDS = 2n ** 53n - 2n ** 40n;

function microseconds(ns: bigint): number {
  const time = ns / 1000n;
  return Number(time < LAST_MICROSECONDS ? time : LAST_MICROSECONDS);
}

/** The folder's own tree in a snapshot; null where it is not in it. */
async function rootTree(
  readTrees: ReadTrees,
  { tree, paths }: { readonly tree: string; readonly paths: readonly string[] },
  root: string,
): Promise<string | null | 'unreadable'> {
  try {
    for (const names of placesOf(root, paths)) {
      const found = await treeBelow(readTrees, tree, names);
      if (found !== undefined) return found;
    }
    return null;
  } catch (error) {
    if (hasCode(error, 'repo/damaged', 'repo/blob-missing', 'store/corrupt')) return 'unreadable';
    throw error;
  }
}

async function treeBelow(readTrees: ReadTrees, tree: string, names: readonly string[]): Promise<string | undefined> {
  let here: string | undefined = tree;
  for (const name of names) {
    const nodes: readonly CatalogNode[] = (await readTrees([here])).get(here) ?? [];
    here = nodes.find((node) => latin1(node.name) === latin1(Buffer.from(name)))?.subtree;
    if (here === undefined) return undefined;
  }
  return here;
}

/** Indexes are read only when a tree is. A source that fails then is one that is not there. */
function lazyTrees(sources: readonly CatalogSource[], signal?: AbortSignal): ReadTrees {
  let reading: Promise<ReadTrees> | undefined;
  const open = async (): Promise<ReadTrees> => {
    const opened = await Promise.allSettled(sources.map((source) => source.withIndex()));
    return readTreesFrom(
      opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
      signal,
    );
  };
  return async (ids) => {
    if (ids.length === 0) return new Map();
    reading ??= open();
    return (await reading)(ids);
  };
}
