import { TriplicateError } from '../errors.ts';
import type { PackId } from '../ids.ts';
import type { EngineProgress } from '../progress.ts';
import { loadIndex } from '../repository/blob-index.ts';
import { withLock } from '../repository/locks.ts';
import { removeFiles } from '../repository/remove-files.ts';
import { replaceIndex } from '../repository/replace-index.ts';
import type { Repository } from '../repository/repository.ts';
import { listSnapshots, type SnapshotList, type StoredSnapshot } from '../repository/snapshots.ts';
import { expectAllListed, expectIndexListed, expectPacksGone } from '../repository/unlisted.ts';
import { BlobSet } from '../walk/blob-set.ts';
import { markReachable } from '../walk/reachable.ts';
import { unreadableSnapshots } from './forget.ts';
import { type PruneBytes, type PruneLimits, type PrunePlan, planPrune } from './plan.ts';
import { findBadPacks } from './prove.ts';
import { repack } from './repack.ts';
import { findUsedUnindexed } from './unindexed.ts';

export interface PruneRequest {
  readonly repository: Repository;
  /** `plan` writes and deletes nothing. */
  readonly mode: 'plan' | 'prune';
  /**
   * Ids of snapshots that the caller knows from elsewhere, from having written them for one. Each that is not listed is
   * asked for by name: one that is there shows that the listing cannot be trusted, one that is not counts as forgotten.
   */
  readonly knownSnapshots?: Iterable<string>;
  /** Ids that the caller has just forgotten: not asked for, because some places still show for a while what was removed. */
  readonly forgottenSnapshots?: Iterable<string>;
  /** Ids of index files that the caller has read before. Each that is not listed is asked for by name, as snapshots are. */
  readonly knownIndexFiles?: Iterable<string>;
  readonly maxUnused?: number;
  readonly maxRepackBytes?: number;
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

export interface PruneReport {
  readonly mode: 'plan' | 'prune';
  readonly packsRemoved: number;
  readonly packsRepacked: number;
  readonly packsKept: number;
  readonly packsWritten: number;
  /** Packs with content that is stored twice and damaged in them: replaced from the other copy. */
  readonly packsReplaced: number;
  readonly bytes: PruneBytes;
  /** Of the known snapshots, those that are no longer there. */
  readonly forgotten: readonly string[];
}

const SMALL_PACK_BYTES = 4 * 1024 * 1024;

/**
 * Removes what no snapshot needs. Order (format, section 11): unindexed packs with nothing in use go, which makes room on a full
 * disk; rewritten packs come, then the whole new index; then the old index files go, then the packs that nothing names any
 * more, and those in no index of which another copy is in use. Killed at any point, the repository is complete. Refuses as
 * soon as anything that could need data cannot be read or is missing from the listing.
 * @throws `repo/damaged`, `repo/locked`, `store/list-incomplete`, `store/…`, `cancelled`
 */
export async function prune(request: PruneRequest): Promise<PruneReport> {
  const { repository, signal } = request;
  return withLock(
    repository,
    'exclusive',
    (held, locked) => pruneLocked({ ...request, repository: locked, signal: held }, held),
    { atEnd: 'must-be-there', ...(signal ? { signal } : {}) },
  );
}

async function pruneLocked(request: PruneRequest, signal: AbortSignal): Promise<PruneReport> {
  const { repository } = request;
  const tell = (phase: EngineProgress['phase'], filesDone: number, filesTotal: number | null): void =>
    request.onProgress?.({ phase, filesDone, filesTotal, bytesDone: 0, bytesTotal: null, currentPath: null });
  tell('planning', 0, null);
  const { snapshots, unreadable } = await listSnapshots(repository, signal);
  const gone = new Set(request.forgottenSnapshots);
  refuseUnreadable(unreadable, gone);
  const listedIds = new Set<string>(snapshots.map(({ id }) => id));
  const known = new Set([...(request.knownSnapshots ?? []), ...parentsOf(snapshots)]);
  for (const id of gone) known.delete(id);
  const { gone: forgotten } = await expectAllListed(repository, known, listedIds, signal);
  const { index, indexIds } = await loadIndex(repository, { signal });
  await expectIndexListed(repository, request.knownIndexFiles ?? [], new Set(indexIds), signal);
  const listed = await repository.store.list('data', signal);
  if (indexIds.length === 0 && listed.length > 0 && snapshots.length > 0) {
    throw new TriplicateError('repo/damaged', 'Nothing was removed: there are packs and snapshots, but no index.');
  }
  // Neither would be missed below: all that is there would count as left over.
  if (indexIds.length === 0 && listed.length > 0) {
    throw new TriplicateError(
      'repo/damaged',
      'Nothing was removed: there are packs, but neither an index nor a snapshot is to be seen.',
      {
        hint: 'Look whether the destination is complete. If its first backup was interrupted, back up again: after that, prune removes what is left over. With `triplicate repo repair index LOCATION` before it, what is there is not sent again.',
      },
    );
  }
  // A list that came back empty looks just the same, and all there is would go.
  if (snapshots.length === 0 && indexIds.length > 0) {
    throw new TriplicateError('repo/damaged', 'Nothing was removed: there is data, but no snapshot is to be seen.', {
      hint: 'Look whether the destination is complete. If you did remove all snapshots, back up again first.',
    });
  }
  const used = new BlobSet();
  const roots = snapshots.map(({ snapshot }) => snapshot.tree);
  await markReachable(
    repository,
    index,
    roots,
    used,
    { tree: (_, nodes) => refuseMissing(nodes, index), unreadable: refuse },
    signal,
  );
  const unindexed = listed.filter(({ id }) => !index.hasPack(id as PackId));
  const usedUnindexed = await findUsedUnindexed(repository, unindexed, used, signal);
  const planWithout = (distrusted: ReadonlySet<PackId>): PrunePlan =>
    planPrune(() => index.packs(), listed, used, limitsOf(request), distrusted, usedUnindexed);
  if (request.mode === 'plan') {
    return reportOf('plan', planWithout(new Set()), { packsWritten: 0, packsReplaced: 0, forgotten });
  }
  await expectSameList(repository, 'snapshots', listedIds, signal, gone);
  await expectSameList(repository, 'index', new Set(indexIds), signal);
  const { plan, packsReplaced } = await provenPlan(repository, planWithout, signal);
  // One that is merely not listed would go with the next prune, and nobody has read the copy elsewhere of what it holds.
  await expectPacksGone(repository, plan.missing, signal);
  await removeFiles(repository, 'data', plan.unindexed, signal);
  tell('pruning', 0, plan.repack.length);
  const written = await repack(repository, plan, (done) => tell('pruning', done, plan.repack.length), signal);
  tell('finishing', 0, null);
  // Nothing in the index changed when no pack goes: rewriting it would only cost.
  const changes = plan.remove.length + plan.repack.length + plan.missing.length > 0;
  if (changes) await replaceIndex(repository, [...plan.keep, ...written], indexIds, signal);
  const unnamed = [...plan.remove, ...plan.repack, ...plan.doubled].map(({ id }) => id);
  await removeFiles(
    repository,
    'data',
    unnamed.filter((id) => !written.some((pack) => pack.id === id)),
    signal,
  );
  return reportOf('prune', plan, { packsWritten: written.length, packsReplaced, forgotten });
}

/** A plan by which nothing goes whose other copy was not found whole. */
async function provenPlan(
  repository: Repository,
  planWithout: (distrusted: ReadonlySet<PackId>) => PrunePlan,
  signal: AbortSignal,
): Promise<{ readonly plan: PrunePlan; readonly packsReplaced: number }> {
  const distrusted = new Set<PackId>();
  for (;;) {
    const plan = planWithout(distrusted);
    const bad = await findBadPacks(repository, plan, signal);
    if (bad.length === 0) return { plan, packsReplaced: distrusted.size };
    for (const id of bad) distrusted.add(id);
  }
}

/** The snapshots that others were compared with when they were made: known without anybody's memory. */
function parentsOf(snapshots: readonly StoredSnapshot[]): readonly string[] {
  return snapshots.flatMap(({ snapshot }) => snapshot.parent ?? []);
}

const LISTS = { snapshots: 'snapshots', index: 'index files' } as const;

/** `gone`: those of which the caller knows that they were removed a moment ago. @throws `repo/damaged`, `store/list-incomplete` */
function refuseUnreadable(unreadable: SnapshotList['unreadable'], gone: ReadonlySet<string>): void {
  const isAbsent = ({ error }: SnapshotList['unreadable'][number]): boolean => error.code === 'store/not-found';
  const damaged = unreadable.filter((one) => !isAbsent(one));
  if (damaged.length > 0) throw unreadableSnapshots(damaged.map(({ id }) => id));
  const absent = unreadable.find((one) => isAbsent(one) && !gone.has(one.id));
  if (!absent) return;
  throw new TriplicateError(
    'store/list-incomplete',
    `Nothing was removed: the destination lists snapshot ${absent.id.slice(0, 8)}, and says that it is not there.`,
    { data: { snapshots: [absent.id] } },
  );
}

/**
 * Under the exclusive lock nobody adds one of these: what was not listed before was left out of that list. `gone` may be listed
 * for a while by some places.
 */
async function expectSameList(
  repository: Repository,
  type: keyof typeof LISTS,
  known: ReadonlySet<string>,
  signal: AbortSignal,
  gone: ReadonlySet<string> = new Set(),
): Promise<void> {
  const listed = await repository.store.list(type, signal);
  const now = listed.filter(({ id }) => known.has(id) || !gone.has(id));
  if (now.length === known.size && now.every(({ id }) => known.has(id))) return;
  throw new TriplicateError(
    'store/list-incomplete',
    `Nothing was removed: the destination does not give the same list of ${LISTS[type]} twice.`,
  );
}

function limitsOf(request: PruneRequest): PruneLimits {
  return {
    maxUnused: request.maxUnused ?? 0.05,
    maxRepackBytes: request.maxRepackBytes ?? Number.POSITIVE_INFINITY,
    smallPackBytes: SMALL_PACK_BYTES,
    rawTrees: request.repository.config.version >= 2 ? 'compress' : 'keep',
  };
}

function refuse(id: string): never {
  throw new TriplicateError(
    'repo/damaged',
    `Nothing was removed: directory ${id.slice(0, 8)} cannot be read, so what it needs is not known.`,
    {
      data: { id },
      hint: 'Run `check` to see which snapshots are affected; removing those lets prune work again.',
    },
  );
}

function refuseMissing(
  nodes: readonly { readonly content: readonly string[] | null }[],
  index: { has(type: 'data', id: never): boolean },
): void {
  for (const { content } of nodes) {
    const missing = content?.find((id) => !index.has('data', id as never));
    if (missing === undefined) continue;
    throw new TriplicateError(
      'repo/blob-missing',
      'Nothing was removed: content that a snapshot needs is in no index.',
      {
        data: { id: missing },
        hint: 'Run `check`. An index file may be missing: `repair index` makes it anew from the packs.',
      },
    );
  }
}

function reportOf(
  mode: 'plan' | 'prune',
  plan: PrunePlan,
  outcome: Pick<PruneReport, 'packsWritten' | 'packsReplaced' | 'forgotten'>,
): PruneReport {
  return {
    mode,
    packsRemoved: plan.unindexed.length + plan.doubled.length + plan.remove.length + plan.repack.length,
    packsRepacked: plan.repack.length,
    packsKept: plan.keep.length,
    bytes: plan.bytes,
    ...outcome,
  };
}
