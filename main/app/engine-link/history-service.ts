import { setTimeout as delay } from 'node:timers/promises';
import {
  Catalog,
  type CatalogFolder,
  latin1,
  type ReadTrees,
  readTreesFrom,
  type TreeSource,
} from '../../catalog/catalog.ts';
import { readBlob, type TreeNode } from '../../engine/engine.ts';
import { TriplicateError } from '../../engine/errors.ts';
import type { CallInput, CallOutput, HistoryScope, MissedMoment, MomentInfo, VersionInfo } from './calls.ts';
import { heldFolders } from './held-folders.ts';
import { type MissedFacts, missedMoments } from './missed.ts';
import type { OpenRepositories } from './open-repositories.ts';

/** Another program may write to a repository; our own runs are known at once. */
const FRESH_MS = 30_000;
/** An answer waits this long, counted from the update's begin, for what a run has just stored; then what is known is said. */
const PATIENCE_MS = 2000;

interface Update {
  readonly sources: string;
  /** How many runs had ended when it began. */
  readonly runs: number;
  readonly startedAt: number;
  endedAt: number | null;
  readonly done: Promise<{ readonly failure: unknown }>;
}

/** Moments, directories as they were, search and versions, from the catalog; destinations are read to bring it up to date. */
export class HistoryService {
  readonly #repositories: OpenRepositories;
  readonly #ending: AbortSignal;
  readonly #catalogs = new Map<string, Catalog>();
  readonly #updates = new Map<string, Update>();
  #runs = 0;

  constructor(repositories: OpenRepositories, ending: AbortSignal) {
    this.#repositories = repositories;
    this.#ending = ending;
  }

  /** Something was stored or removed: what is known is no longer the newest. */
  invalidate(): void {
    this.#runs++;
  }

  /** Brings the folder's part of the catalog up to date, and waits for that. */
  async update(scope: HistoryScope): Promise<void> {
    if (scope.sources.length > 0) await this.#newest(scope).done;
  }

  heldFolders(input: CallInput<'heldFolders'>, signal: AbortSignal): Promise<CallOutput<'heldFolders'>> {
    return heldFolders(this.#repositories, this.#catalog(input.catalog), input, signal);
  }

  /** Ids of the snapshots that the catalog knows at a destination; none when it is damaged. */
  snapshotsAt(path: string, destinationId: string): readonly string[] {
    const catalog = this.#catalog(path);
    try {
      return catalog.snapshotsAt(destinationId);
    } catch (error) {
      if (catalog.recover(error) === 'not-damaged') throw error;
      this.#updates.clear();
      return [];
    }
  }

  /** What the destination lacks, folder by folder; nothing of a folder that is not known yet. */
  missed(input: CallInput<'missed'>, host: MissedFacts['host']): readonly MissedMoment[] {
    const catalog = this.#catalog(input.catalog);
    return input.folderIds.flatMap((folderId) =>
      missedMoments({ ...input, folderId, moments: catalog.moments(folderId), host }),
    );
  }

  async keepFolders({ catalog, folderIds }: CallInput<'keepHistory'>): Promise<void> {
    await this.#catalog(catalog).keepFolders(folderIds);
  }

  moments(scope: HistoryScope): Promise<readonly MomentInfo[]> {
    return this.#ask(scope, (catalog) => catalog.moments(scope.folderId));
  }

  browse(input: CallInput<'browse'>): Promise<CallOutput<'browse'>> {
    const { folderId, momentId, key, offset, limit } = input;
    return this.#ask(input, (catalog) => {
      const entries = catalog.browse(folderId, momentId, key);
      return { entries: entries.slice(offset, offset + limit), total: entries.length };
    });
  }

  /** Folders of which nothing is known are left out, as long as something is known of others. */
  async search({ scopes, text, which, limit }: CallInput<'search'>): Promise<CallOutput<'search'>> {
    const [first] = scopes;
    if (!first) return { hits: [], more: false };
    const catalog = this.#catalog(first.catalog);
    const folderIds = scopes.map(({ folderId }) => folderId);
    return this.#mending(catalog, async () => {
      await Promise.allSettled(scopes.map((scope) => this.#ask(scope, () => undefined)));
      return catalog.search(folderIds, { text, which, limit });
    });
  }

  versions(input: CallInput<'versions'>): Promise<readonly VersionInfo[]> {
    return this.#ask(input, (catalog) => catalog.versions(input.folderId, input.key));
  }

  /** The first bytes of a file; the only answer that needs a destination. */
  async readStart(input: CallInput<'readStart'>, signal: AbortSignal): Promise<CallOutput<'readStart'>> {
    const { tree } = await this.#ask(input, (catalog) => catalog.moment(input.folderId, input.momentId));
    const opened = await Promise.allSettled(
      input.sources.map(({ repository }) => this.#repositories.withIndex(repository, signal)),
    );
    const sources = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    if (sources.length === 0) throw away();
    const names = latin1(Buffer.from(input.key, 'base64url')).split('/');
    const node = await descend(readTreesFrom(sources, signal), tree, names);
    const type = node.type === 'file' || node.type === 'dir' || node.type === 'symlink' ? node.type : 'other';
    return { bytes: await readContent(node, input.maxBytes, sources, signal), size: node.size, type };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#catalogs.values()].map((catalog) => catalog.close()));
  }

  #catalog(path: string): Catalog {
    const known = this.#catalogs.get(path);
    if (known) return known;
    const catalog = new Catalog(path);
    this.#catalogs.set(path, catalog);
    return catalog;
  }

  /** Asks the catalog when it is as new as it can be without keeping anybody waiting; a damaged one is built again. */
  #ask<T>(scope: HistoryScope, question: (catalog: Catalog) => T): Promise<T> {
    const catalog = this.#catalog(scope.catalog);
    return this.#mending(catalog, async () => {
      await this.#prepare(catalog, scope);
      return question(catalog);
    });
  }

  /** Where the catalog turns out to be damaged, all is asked anew: the one in its place is empty. */
  async #mending<T>(catalog: Catalog, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (catalog.recover(error) === 'not-damaged') throw error;
      this.#updates.clear();
      return ask();
    }
  }

  async #prepare(catalog: Catalog, scope: HistoryScope): Promise<void> {
    if (scope.sources.length === 0) {
      if (!catalog.knows(scope.folderId) && scope.destinationIds.length > 0) throw away();
      return;
    }
    const update = this.#newest(scope);
    if (catalog.knows(scope.folderId)) {
      const left = update.startedAt + PATIENCE_MS - performance.now();
      if (update.endedAt === null && left > 0)
        await Promise.race([update.done.catch(() => undefined), delay(left, undefined, { ref: false })]);
      // The update may have found it damaged: the one in its place is empty.
      if (catalog.knows(scope.folderId)) return;
    }
    const { failure } = await this.#newest(scope).done;
    if (failure !== undefined && !catalog.knows(scope.folderId)) throw failure;
  }

  /** The update that shows the newest: one that has ended, one under way, or one that begins now. */
  #newest(scope: HistoryScope): Update {
    const sources = scope.sources.map(({ destinationId }) => destinationId).join(' ');
    const last = this.#updates.get(scope.folderId);
    if (last?.sources === sources && last.runs === this.#runs) {
      if (last.endedAt === null || performance.now() - last.endedAt < FRESH_MS) return last;
      this.#begin(scope, sources, performance.now() - PATIENCE_MS); // nobody waits for what others may have done
      return last;
    }
    return this.#begin(scope, sources, performance.now());
  }

  #begin(scope: HistoryScope, sources: string, startedAt: number): Update {
    const folder: CatalogFolder = {
      folderId: scope.folderId,
      root: scope.root,
      destinationIds: scope.destinationIds,
      sources: scope.sources.map(({ repository, destinationId }) => ({
        destinationId,
        open: () => this.#repositories.open(repository),
        withIndex: () => this.#repositories.withIndex(repository, this.#ending),
      })),
    };
    const catalog = this.#catalog(scope.catalog);
    const done = catalog.update(folder, this.#ending);
    const update: Update = { sources, runs: this.#runs, startedAt, endedAt: null, done };
    const ended = (): void => {
      update.endedAt = performance.now();
    };
    const failed = (error: unknown): void => {
      if (this.#updates.get(scope.folderId) === update) this.#updates.delete(scope.folderId);
      // A question may still be answered from what can be read of it, and would never hear of anything new.
      if (catalog.recover(error) === 'new') this.#updates.clear();
    };
    done.then(({ failure }) => (failure === undefined ? ended() : failed(failure)), failed);
    this.#updates.set(scope.folderId, update);
    return update;
  }
}

function away(): TriplicateError {
  return new TriplicateError('store/unreachable', 'No destination of this folder can be reached now.', {
    hint: 'Connect a disk or the network; what was stored is kept there.',
  });
}

type Found = Pick<TreeNode, 'type' | 'size' | 'content'>;

async function descend(readTrees: ReadTrees, root: string, names: readonly string[]): Promise<Found> {
  let tree: string | undefined = root;
  for (const [position, name] of names.entries()) {
    const nodes: Awaited<ReturnType<ReadTrees>> = tree === undefined ? new Map() : await readTrees([tree]);
    const node: (Found & Pick<TreeNode, 'subtree'>) | undefined = nodes
      .get(tree ?? '')
      ?.find((one) => latin1(one.name) === name);
    if (node && position === names.length - 1) return node;
    tree = node?.subtree;
  }
  throw new TriplicateError('path/not-found', 'This path was not there at that moment.');
}

async function readContent(
  node: Pick<TreeNode, 'content'>,
  maxBytes: number,
  sources: readonly TreeSource[],
  signal: AbortSignal,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const id of node.content ?? []) {
    if (length >= maxBytes) break;
    const source = sources.find(({ loaded }) => loaded.index.has('data', id));
    if (!source)
      throw new TriplicateError('repo/blob-missing', 'A part of this file is in no destination that can be reached.');
    const bytes = await readBlob(source.repository, source.loaded.index, 'data', id, signal);
    parts.push(bytes);
    length += bytes.length;
  }
  return new Uint8Array(Buffer.concat(parts).subarray(0, maxBytes));
}
