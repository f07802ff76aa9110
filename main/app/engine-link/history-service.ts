import { createHash } from 'node:crypto';
import { listSnapshots, readBlob, type TreeNode } from '../../engine/engine.ts';
import { hasCode, TriplicateError } from '../../engine/errors.ts';
import type { TreeId } from '../../engine/ids.ts';
import type { CallInput, CallOutput, EntryInfo, HistoryScope, HitInfo, MomentInfo, VersionInfo } from './calls.ts';
import {
  entryType,
  FolderHistory,
  latin1,
  type Moment,
  readTreeFromAny,
  type Span,
  type TreeSource,
} from './folder-history.ts';
import type { OpenRepositories } from './open-repositories.ts';

interface Known {
  readonly history: FolderHistory;
  readonly sources: readonly TreeSource[];
}

/** Another program may write to a repository; our own runs are known at once. */
const FRESH_MS = 30_000;

/** Moments, directories as they were, search and versions, over all destinations of a folder together. */
export class HistoryService {
  readonly #repositories: OpenRepositories;
  readonly #histories = new Map<string, FolderHistory>();
  readonly #busy = new Map<string, Promise<unknown>>();
  readonly #fresh = new Map<string, { readonly sources: string; readonly readAt: number; readonly known: Known }>();
  /** The folder's own tree in each snapshot; null where it is not in it. Snapshots never change. */
  readonly #rootTrees = new Map<string, TreeId | null>();

  constructor(repositories: OpenRepositories) {
    this.#repositories = repositories;
  }

  /** Something was stored or removed: what is known is no longer the newest. */
  invalidate(): void {
    this.#fresh.clear();
  }

  async moments(scope: HistoryScope, signal?: AbortSignal): Promise<readonly MomentInfo[]> {
    const { history } = await this.#current(scope, signal);
    return history.moments.map((moment, position) => momentInfo(moment, position)).reverse();
  }

  async browse(input: CallInput<'browse'>, signal?: AbortSignal): Promise<CallOutput<'browse'>> {
    const { history, sources } = await this.#current(input, signal);
    const position = findMoment(history, input.momentId);
    const path = pathOf(input.key);
    const tree = await this.#descend((history.moments[position] as Moment).tree, path, sources, signal);
    const nodes = [...(await readTreeFromAny(tree, { sources, signal }))].sort(directoriesFirst);
    const page = nodes.slice(input.offset, input.offset + input.limit);
    return {
      entries: page.map((node) => entryInfo(history, path === '' ? '' : `${path}/`, node)),
      total: nodes.length,
    };
  }

  async search(input: CallInput<'search'>, signal?: AbortSignal): Promise<CallOutput<'search'>> {
    const words = input.text.toLowerCase().split(/\s+/).filter(Boolean);
    const hits: HitInfo[] = [];
    if (words.length === 0) return { hits, more: false };
    for (const scope of input.scopes) {
      const { history } = await this.#current(scope, signal);
      for (const [path, spans] of history.spans) {
        if (hits.length > input.limit) break;
        const newest = spans.at(-1);
        if (!newest) continue;
        const exists = newest.last === Number.POSITIVE_INFINITY;
        if (input.which === 'deleted' && exists) continue;
        const name = text(path.slice(path.lastIndexOf('/') + 1)).toLowerCase();
        if (words.every((word) => name.includes(word)))
          hits.push(hitInfo(scope.folderId, history, path, spans, newest));
      }
    }
    return { hits: hits.slice(0, input.limit), more: hits.length > input.limit };
  }

  async versions(input: CallInput<'versions'>, signal?: AbortSignal): Promise<readonly VersionInfo[]> {
    const { history } = await this.#current(input, signal);
    const spans = history.spans.get(pathOf(input.key));
    if (!spans) throw new TriplicateError('path/not-found', 'This path is in no snapshot.');
    return spans.map((span) => versionInfo(history, span)).reverse();
  }

  async readStart(input: CallInput<'readStart'>, signal?: AbortSignal): Promise<CallOutput<'readStart'>> {
    const { history, sources } = await this.#current(input, signal);
    const path = pathOf(input.key);
    const cut = path.lastIndexOf('/');
    const moment = history.moments[findMoment(history, input.momentId)] as Moment;
    const directory = await this.#descend(moment.tree, cut < 0 ? '' : path.slice(0, cut), sources, signal);
    const nodes = await readTreeFromAny(directory, { sources, signal });
    const node = nodes.find(({ name }) => latin1(name) === path.slice(cut + 1));
    if (!node) throw new TriplicateError('path/not-found', 'This path was not there at that moment.');
    return { bytes: await readContent(node, input.maxBytes, sources, signal), size: node.size, type: entryType(node) };
  }

  /** The tree of a directory below `tree`. */
  async #descend(tree: TreeId, path: string, sources: readonly TreeSource[], signal?: AbortSignal): Promise<TreeId> {
    let here = tree;
    for (const name of path === '' ? [] : path.split('/')) {
      const nodes = await readTreeFromAny(here, { sources, signal });
      const node = nodes.find((one) => latin1(one.name) === name);
      if (!node?.subtree) throw new TriplicateError('path/not-found', 'This folder was not there at that moment.');
      here = node.subtree;
    }
    return here;
  }

  async #rootTree(
    id: string,
    tree: TreeId,
    root: string,
    source: TreeSource,
    signal?: AbortSignal,
  ): Promise<TreeId | null> {
    const known = this.#rootTrees.get(`${id} ${root}`);
    if (known !== undefined) return known;
    const path = latin1(Buffer.from(root)).replace(/^\/+/, '').replace(/\/+$/, '');
    const found = await this.#descend(tree, path, [source], signal).catch((error: unknown) => {
      if (hasCode(error, 'path/not-found', 'repo/damaged', 'repo/blob-missing')) return null;
      throw error;
    });
    this.#rootTrees.set(`${id} ${root}`, found);
    return found;
  }

  /** The folder's history, brought up to date; one reading at a time for each folder. */
  async #current(scope: HistoryScope, signal?: AbortSignal): Promise<Known> {
    const before = this.#busy.get(scope.folderId);
    const mine = (async () => {
      await before?.catch(() => undefined);
      const sources = scope.sources.map(({ destinationId }) => destinationId).join(' ');
      const fresh = this.#fresh.get(scope.folderId);
      if (fresh?.sources === sources && performance.now() - fresh.readAt < FRESH_MS) return fresh.known;
      const known = await this.#refresh(scope, signal);
      this.#fresh.set(scope.folderId, { sources, readAt: performance.now(), known });
      return known;
    })();
    this.#busy.set(scope.folderId, mine);
    return mine;
  }

  async #refresh(scope: HistoryScope, signal?: AbortSignal): Promise<Known> {
    const sources: TreeSource[] = [];
    const found: { time: bigint; id: string; tree: TreeId; destinationId: string }[] = [];
    let failure: unknown;
    for (const { repository: address, destinationId } of scope.sources) {
      try {
        const source = await this.#repositories.withIndex(address, signal);
        const { snapshots } = await listSnapshots(source.repository, signal);
        sources.push(source);
        for (const { id, snapshot } of snapshots) {
          if (!snapshot.paths.includes(scope.root)) continue;
          const tree = await this.#rootTree(id, snapshot.tree, scope.root, source, signal);
          if (tree) found.push({ time: snapshot.time.ns, id, tree, destinationId });
        }
      } catch (error) {
        failure = error; // the other destinations still show their history
      }
    }
    if (sources.length === 0 && failure !== undefined) throw failure;
    const moments = joinMoments(found);
    let history = this.#histories.get(scope.folderId) ?? new FolderHistory();
    if (!history.continues(moments.map(({ tree }) => tree))) history = new FolderHistory();
    for (const [position, moment] of moments.entries()) {
      const known = history.moments[position];
      if (known) history.moments[position] = { ...moment, changes: known.changes };
      else await history.append(moment, sources, signal);
    }
    this.#histories.set(scope.folderId, history);
    return { history, sources };
  }
}

/** Snapshots of the same content in a row are one moment, whichever destination holds them. */
function joinMoments(found: { time: bigint; id: string; tree: TreeId; destinationId: string }[]): Moment[] {
  found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const moments: Moment[] = [];
  for (const { time, id, tree, destinationId } of found) {
    let moment = moments.at(-1);
    if (moment?.tree !== tree) {
      // A slower destination may hold an older moment under a later time.
      const earlier = moments.find((one) => one.tree === tree && !one.copies.has(destinationId));
      moment = earlier ?? {
        time,
        tree,
        copies: new Map(),
        snapshotIds: new Set(),
        changes: { added: 0, changed: 0, removed: 0 },
      };
      if (!earlier) moments.push(moment);
    }
    moment.copies.set(destinationId, id);
    moment.snapshotIds.add(id);
  }
  return moments;
}

function momentInfo(moment: Moment, _position: number): MomentInfo {
  const copies = [...moment.copies].map(([destinationId, snapshotId]) => ({ destinationId, snapshotId }));
  return { id: momentId(moment), time: iso(moment.time), copies, changes: { ...moment.changes } };
}

function momentId(moment: Moment): string {
  return [...moment.snapshotIds][0] ?? '';
}

function findMoment(history: FolderHistory, id: string): number {
  const position =
    id === 'latest' ? history.moments.length - 1 : history.moments.findIndex(({ snapshotIds }) => snapshotIds.has(id));
  if (position < 0) {
    throw new TriplicateError(
      'snapshot/not-found',
      'This moment is no longer kept at any destination that can be reached.',
    );
  }
  return position;
}

function entryInfo(history: FolderHistory, prefix: string, node: TreeNode): EntryInfo {
  const path = prefix + latin1(node.name);
  const newest = history.spans.get(path)?.at(-1);
  return {
    name: text(latin1(node.name)),
    path: text(path),
    key: keyOf(path),
    type: entryType(node),
    size: node.size,
    modifiedAt: iso(node.mtime.ns),
    existsNow: newest?.last === Number.POSITIVE_INFINITY,
  };
}

function hitInfo(
  folderId: string,
  history: FolderHistory,
  path: string,
  spans: readonly Span[],
  newest: Span,
): HitInfo {
  const last = Math.min(newest.last, history.moments.length - 1);
  const moment = history.moments[last] as Moment;
  return {
    folderId,
    name: text(path.slice(path.lastIndexOf('/') + 1)),
    path: text(path),
    key: keyOf(path),
    type: newest.type,
    size: newest.size,
    modifiedAt: iso(newest.modified),
    existsNow: newest.last === Number.POSITIVE_INFINITY,
    versions: spans.length,
    lastSeenAt: iso(moment.time),
    momentId: momentId(moment),
  };
}

function versionInfo(history: FolderHistory, span: Span): VersionInfo {
  const last = Math.min(span.last, history.moments.length - 1);
  const moment = history.moments[last] as Moment;
  const standing = history.moments.slice(span.first, last + 1);
  return {
    momentId: momentId(moment),
    firstSeenAt: iso((history.moments[span.first] as Moment).time),
    lastSeenAt: iso(moment.time),
    size: span.size,
    modifiedAt: iso(span.modified),
    contentKey: createHash('sha256').update(span.contentKey, 'latin1').digest('base64url').slice(0, 22),
    destinationIds: [...new Set(standing.flatMap(({ copies }) => [...copies.keys()]))],
    current: span.last === Number.POSITIVE_INFINITY,
  };
}

async function readContent(
  node: TreeNode,
  maxBytes: number,
  sources: readonly TreeSource[],
  signal?: AbortSignal,
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

function directoriesFirst(a: TreeNode, b: TreeNode): number {
  if ((a.type === 'dir') !== (b.type === 'dir')) return a.type === 'dir' ? -1 : 1;
  return text(latin1(a.name)).localeCompare(text(latin1(b.name)), undefined, { numeric: true, sensitivity: 'base' });
}

/** Keys name raw bytes, so that names that are not UTF-8 stay reachable. */
export function keyOf(path: string): string {
  return Buffer.from(path, 'latin1').toString('base64url');
}

export function pathOf(key: string): string {
  return Buffer.from(key, 'base64url').toString('latin1');
}

function text(path: string): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

function iso(ns: bigint): string {
  const ms = ns / 1_000_000n;
  const bounded =
    ms < -62_135_596_800_000n ? -62_135_596_800_000n : ms > 253_402_300_799_000n ? 253_402_300_799_000n : ms;
  return new Date(Number(bounded)).toISOString();
}
