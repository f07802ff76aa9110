import { hasCode, TriplicateError, toWire, type WireError } from '../errors.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../format/snapshot.ts';
import type { SnapshotId } from '../ids.ts';
import { putAfter } from '../store/put-after.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';
import { readUnpacked, sealUnpacked, writeUnpacked } from './unpacked-files.ts';

export interface StoredSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
}

export interface SnapshotList {
  /** Oldest first. */
  readonly snapshots: readonly StoredSnapshot[];
  /**
   * Files in `snapshots/` that cannot be read: whoever deletes must stop when there is one. `store/not-found`: listed, and not
   * there, both times that it was asked for. The place has lost it, or still shows what was removed a moment ago.
   */
  readonly unreadable: readonly { readonly id: string; readonly error: WireError }[];
}

/** All snapshots. Damaged ones are listed beside the good ones instead of hiding them. @throws `store/…` */
export function listSnapshots(repository: Repository, signal?: AbortSignal): Promise<SnapshotList> {
  return listNewSnapshots(repository, new Set(), signal);
}

/** As `listSnapshots`, reading only those that the caller does not know yet; `ids` names all that there are. */
export async function listNewSnapshots(
  repository: Repository,
  known: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<SnapshotList & { readonly ids: ReadonlySet<string> }> {
  const { store } = repository;
  const listed = await store.list('snapshots', signal);
  const snapshots: StoredSnapshot[] = [];
  const unreadable: { id: string; error: WireError }[] = [];
  /** Gives those that are not there. */
  const read = async (ids: readonly string[]): Promise<ReadonlyMap<string, WireError>> => {
    const absent = new Map<string, WireError>();
    await inParallel(ids, store.capabilities.connections, async (id) => {
      try {
        const json = await readUnpacked(repository, { type: 'snapshots', id }, signal);
        snapshots.push({ id: id as SnapshotId, snapshot: decodeSnapshot(json) });
      } catch (error) {
        if (hasCode(error, 'store/not-found')) absent.set(id, toWire(error));
        else if (!hasCode(error, 'repo/damaged', 'store/corrupt')) throw error;
        else unreadable.push({ id, error: toWire(error) });
      }
    });
    return absent;
  };
  const absent = await read(listed.map(({ id }) => id).filter((id) => !known.has(id)));
  if (absent.size > 0) {
    // What another program forgot between the listing and the reading is not listed any more: it is simply gone.
    const now = await store.list('snapshots', signal);
    const stillAbsent = await read(now.map(({ id }) => id).filter((id) => absent.has(id)));
    for (const [id, error] of stillAbsent) unreadable.push({ id, error });
  }
  snapshots.sort((a, b) => compareBigints(a.snapshot.time.ns, b.snapshot.time.ns) || (a.id < b.id ? -1 : 1));
  return { snapshots, unreadable, ids: new Set(listed.map(({ id }) => id)) };
}

export interface SnapshotFilter {
  /** Of one of these computers. */
  readonly hostnames?: readonly string[];
  /** The snapshot must contain every one of these paths. */
  readonly paths?: readonly string[];
  /** It must carry all tags of at least one of these lists; `['']` stands for having none. */
  readonly tags?: readonly (readonly string[])[];
}

/** True when the snapshot fits every given part of the filter. */
export function fitsFilter(snapshot: Snapshot, filter: SnapshotFilter): boolean {
  const { hostnames = [], paths = [], tags = [] } = filter;
  return (
    (hostnames.length === 0 || hostnames.includes(snapshot.hostname ?? '')) &&
    paths.every((path) => snapshot.paths.includes(path)) &&
    (tags.length === 0 || tags.some((list) => hasTags(snapshot, list)))
  );
}

/** Whether the snapshot carries all tags of the list; an empty one, as restic has it, fits one without tags. */
export function hasTags({ tags }: Snapshot, list: readonly string[]): boolean {
  const has = tags ?? [];
  const end = has.length === 0 ? list.indexOf('') : -1;
  return list.slice(0, end === -1 ? list.length : end).every((tag) => has.includes(tag));
}

/**
 * The snapshot that `wanted` names: `latest` (of those that fit the filter), an id or the beginning of one.
 * @throws `snapshot/not-found`, `snapshot/ambiguous`, `repo/damaged`, `store/…`
 */
export async function findSnapshot(
  repository: Repository,
  wanted: string,
  filter: SnapshotFilter = {},
  signal?: AbortSignal,
): Promise<StoredSnapshot> {
  const { snapshots, unreadable } = await listSnapshots(repository, signal);
  if (wanted === 'latest') {
    // One that cannot be read may be the newest: an older one must not pass for it.
    if (unreadable.length > 0) throw unknownLatest(unreadable.map(({ id }) => id));
    const latest = snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filter)).at(-1);
    if (latest) return latest;
    throw new TriplicateError('snapshot/not-found', 'There is no snapshot that fits.');
  }
  // Every id begins with nothing: a variable that was not set must not name the only snapshot.
  if (wanted === '') throw new TriplicateError('snapshot/not-found', 'No snapshot is named.');
  const found = snapshots.filter(({ id }) => id.startsWith(wanted.toLowerCase()));
  if (found.length === 1 && found[0]) return found[0];
  if (found.length > 1) throw new TriplicateError('snapshot/ambiguous', `Several snapshots begin with ${wanted}.`);
  const broken = unreadable.find(({ id }) => id.startsWith(wanted.toLowerCase()));
  if (broken)
    throw new TriplicateError('repo/damaged', `Snapshot ${broken.id.slice(0, 8)} is damaged and cannot be read.`);
  throw new TriplicateError('snapshot/not-found', `There is no snapshot ${wanted}.`);
}

function unknownLatest(ids: readonly string[]): TriplicateError {
  const names = ids.map((id) => id.slice(0, 8)).join(', ');
  return new TriplicateError('repo/damaged', `Which snapshot is the latest is not known: ${names} cannot be read.`, {
    data: { unreadable: ids },
    hint: 'List the snapshots and name the one that you want by its id; `check` says what is damaged.',
  });
}

/** Stores the snapshot, last of all writes of a run (format, section 11), and gives its id. */
export async function saveSnapshot(
  repository: Repository,
  snapshot: Snapshot,
  signal?: AbortSignal,
): Promise<SnapshotId> {
  return (await writeUnpacked(repository, 'snapshots', encodeSnapshot(snapshot), signal)) as SnapshotId;
}

/** As `saveSnapshot`, of one that may travel ahead and counts only after `ready` (see `WriteStore.putAfter`). */
export async function saveSnapshotAfter(
  repository: Repository,
  snapshot: Snapshot,
  ready: Promise<void>,
  signal?: AbortSignal,
): Promise<SnapshotId> {
  const { id, sealed } = sealUnpacked(repository, encodeSnapshot(snapshot));
  await putAfter(repository.store, { type: 'snapshots', id }, sealed, ready, signal);
  return id as SnapshotId;
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
