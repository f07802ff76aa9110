import { fromWire, isOfOnePlace, TriplicateError, toWire } from '../errors.ts';
import type { Snapshot } from '../format/snapshot.ts';
import { formatTime } from '../format/time.ts';
import type { SnapshotId, TreeId } from '../ids.ts';
import { type PendingLock, takeLock } from '../repository/locks.ts';
import type { EngineHost, Repository } from '../repository/repository.ts';
import type { BackupPool } from '../workers/backup-pool.ts';
import { AttributeReader } from './attributes.ts';
import { Counts } from './counts.ts';
import type { DestinationWriter } from './destination-writer.ts';
import { DirtyPaths } from './dirty-paths.ts';
import { FileQueue } from './file-queue.ts';
import { ForgottenDirectory } from './known-directories.ts';
import { ListingAhead } from './listing-ahead.ts';
import { type OwnerNames, ownerNames } from './owner-names.ts';
import { findParent, type Parent } from './parent.ts';
import type { BackupDestination, BackupReport, BackupRequest, DestinationResult } from './request.ts';
import { startPool } from './run-ahead.ts';
import { ScanCache } from './scan-cache.ts';
import { Selection, type SelectionRules, selectionRules } from './selection.ts';
import { resolveTargets, type Targets } from './targets.ts';
import { tellProgress } from './tell-progress.ts';
import { TreeQueue } from './tree-queue.ts';
import { Walk } from './walk.ts';
import {
  allFailed,
  finishDestination,
  type Look,
  LostPacks,
  lookForLostPacks,
  openWriter,
  sendEndAhead,
  throwWhenAllFailed,
} from './writers.ts';

/** A destination mask has a bit for each (see the messages to the workers). */
const MAX_DESTINATIONS = 30;
/** zstd level 2: a quarter faster than restic's 3 on program files, for 1.7 % more bytes. */
const COMPRESSION_LEVEL = 2;

/**
 * Backs the paths up to all destinations in one reading: scan, read, chunk and hash once; each destination gets what it
 * lacks. Order of writes in each: packs, index, snapshot (format, section 11). A destination that fails leaves the run;
 * the report has its error, and the others go on.
 * @throws `source/missing`, `source/empty-suspicious`, `source/nothing-left`, `cancelled`, `usage`; the destination's error when all have failed
 */
export async function backup(request: BackupRequest): Promise<BackupReport> {
  const first = request.destinations[0];
  if (!first) throw new TriplicateError('usage', 'Nothing to back up to: no destination was given.');
  if (request.destinations.length > MAX_DESTINATIONS)
    throw new TriplicateError('usage', 'Too many destinations in one run.');
  const groups = Map.groupBy(request.destinations, ({ repository }) => repository.config.chunkerPolynomial);
  const results = new Map<BackupDestination, DestinationResult>();
  let made: BackupReport | undefined;
  let failure: unknown;
  // Repositories that cut files differently cannot share a reading.
  for (const destinations of groups.values()) {
    try {
      const report = await backupGroup({ ...request, destinations });
      made ??= report;
      for (const [position, result] of report.results.entries()) {
        results.set(destinations[position] as BackupDestination, result);
      }
    } catch (error) {
      // Unlike a source that is not there, it does not concern the others.
      if (!isOfOnePlace(error)) throw error;
      failure ??= error;
      for (const destination of destinations) results.set(destination, nothingStored(destination, error));
    }
  }
  if (!made) throw failure;
  return { ...made, results: request.destinations.map((destination) => results.get(destination) as DestinationResult) };
}

function nothingStored({ repository }: BackupDestination, error: unknown): DestinationResult {
  const { location } = repository.store;
  return { location, dataBlobsAdded: 0, treeBlobsAdded: 0, bytesAdded: 0, damagedParts: 0, error: toWire(error) };
}

async function backupGroup(request: BackupRequest): Promise<BackupReport> {
  let attempt = request;
  let whenToLook: 'first' | 'beside' = 'beside';
  for (;;) {
    try {
      return await backupOnce(attempt, whenToLook);
    } catch (error) {
      // Each can happen only once.
      if (error instanceof LostPacks) whenToLook = 'first';
      else if (!(error instanceof ForgottenDirectory)) throw error;
      const { directoryCache: _unusable, ahead: _over, ...anew } = attempt;
      attempt = anew;
    }
  }
}

/** `whenToLook`: for lost packs (see `lookForLostPacks`). */
async function backupOnce(request: BackupRequest, whenToLook: 'first' | 'beside'): Promise<BackupReport> {
  const targets = resolveTargets(request.paths, request.workingDirectory);
  const host = (request.destinations[0] as BackupDestination).repository.host;
  const rules = selectionRules(
    request,
    request.destinations.map(({ repository }) => repository.store.location),
  );
  // Workers start while the locks are being waited for.
  const pool = beginPool(request);
  const ahead = request.dirtyDirectories ? null : (request.ahead?.listing ?? new ListingAhead(targets.top, rules));
  const locks = request.destinations.map(({ repository }) => takeLock(repository, 'shared', request.signal));
  let report: BackupReport;
  try {
    report = await runLocked(request, targets, host, { locks, pool, rules, ahead, whenToLook });
  } finally {
    ahead?.close();
    // What was on its way to the stores has arrived or failed by now.
    await Promise.all([pool.close(), ...locks.map((lock) => lock.release())]);
  }
  return withoutLostLocks(report, locks);
}

/**
 * A destination whose lock another program has cleared has failed, also when its snapshot is stored: what that relies on may have
 * been removed meanwhile. @throws `repo/locked` when nothing is left
 */
function withoutLostLocks(report: BackupReport, locks: readonly PendingLock[]): BackupReport {
  if (!locks.some(({ lost }) => lost.aborted)) return report;
  const results = report.results.map((result, position): DestinationResult => {
    const lost = locks[position]?.lost;
    if (!lost?.aborted || result.error) return result;
    const { snapshotId: _stored, index: _doubtful, ...counted } = result;
    return { ...counted, error: toWire(lost.reason) };
  });
  const first = results[0]?.error;
  if (first && results.every(({ error }) => error)) throw fromWire(first);
  const { directoryCache: _doubtful, ...rest } = report;
  return { ...rest, results };
}

/** From here on the repositories are read; nothing is written to one before its lock holds. */
interface Locked {
  readonly locks: readonly PendingLock[];
  readonly pool: BackupPool;
  readonly rules: SelectionRules;
  readonly ahead: ListingAhead | null;
  readonly whenToLook: 'first' | 'beside';
}

async function runLocked(
  request: BackupRequest,
  targets: Targets,
  host: EngineHost,
  state: Locked,
): Promise<BackupReport> {
  const { pool, locks, rules, ahead, whenToLook } = state;
  const { signal } = request;
  const startedAt = host.clock.now();
  const owners = ownerNames(startedAt);
  const hostname = request.hostname ?? host.hostname;
  const writers = await Promise.all(
    request.destinations.map((destination, position) =>
      openWriter(
        destination,
        locks[position] as PendingLock,
        { untouched: request.ahead?.untouched, scan: request.dirtyDirectories ? 'changes' : 'full' },
        signal,
      ),
    ),
  );
  const lookAtAll = (): Promise<readonly Look[]> =>
    Promise.all(writers.map((writer) => lookForLostPacks(writer, whenToLook, signal)));
  let looked = request.dirtyDirectories ? [] : await lookAtAll();
  const parent = await findParent(writers, { paths: targets.paths, hostname, now: startedAt }, signal);
  throwWhenAllFailed(writers);
  const scan = request.dirtyDirectories && mayTakeOver(request, writers, parent) ? 'changes' : 'full';
  // A full scan after all: it counts as one, so it has to find what one finds.
  if (request.dirtyDirectories && scan === 'full') {
    looked = await lookAtAll();
    throwWhenAllFailed(writers);
  }
  const looks = looked.map(({ look }) => look);
  const counts = new Counts();
  const attributes = new AttributeReader();
  const selection = new Selection(rules);
  // Prints of directories come from the thread that lists ahead.
  const cache = ahead
    ? new ScanCache(request, writers, { rules, owners, now: startedAt, parentTime: parent.time })
    : null;
  const means = { pool, writers, parent, counts, attributes, selection, ahead, owners, cache } as const;
  const work = { ...means, looks, scan, signal, host } as const;
  const snapshotOf = (tree: TreeId): Snapshot =>
    describeSnapshot(request, targets, host, { tree, startedAt, hostname });
  const parentOf = (position: number): SnapshotId | null => parent.snapshotIds[position] ?? null;
  const results: DestinationResult[] = [];
  let tree: TreeId;
  try {
    tree = await buildTree(request, targets, work, (tree) => {
      if (counts.targetsTaken === 0) return;
      const snapshot = snapshotOf(tree);
      for (const [position, writer] of writers.entries()) sendEndAhead(writer, snapshot, parentOf(position));
    });
    throwWhenAllFailed(writers);
    if (counts.targetsTaken === 0) throw nothingLeft(counts);
    nameMissingAttributes(attributes, counts);
    const snapshot = snapshotOf(tree);
    for (const [position, writer] of writers.entries()) {
      results.push(await finishDestination(writer, snapshot, parentOf(position), signal));
    }
    throwWhenAllFailed(writers);
  } finally {
    await Promise.all(writers.map((writer) => writer.takeBack()));
  }
  // A snapshot is stored: a number that cannot be found out is no reason to fail.
  counts.filesRemoved += await parent.filesBelow(counts.treesRemoved).catch(() => 0);
  const directoryCache = cache?.leave();
  return {
    ...(directoryCache ? { directoryCache } : {}),
    // What the counting found damaged belongs to the destination as well.
    results: results.map((result, position) => ({ ...result, damagedParts: writers[position]?.damagedParts ?? 0 })),
    tree,
    parents: parent.snapshotIds,
    scan,
    filesNew: counts.filesNew,
    filesChanged: counts.filesChanged,
    filesUnchanged: counts.filesUnchanged,
    filesRemoved: counts.filesRemoved,
    directories: counts.directories,
    bytesTotal: counts.bytesTotal,
    bytesRead: counts.bytesRead,
    excluded: counts.excluded,
    leftOut: counts.leftOut,
  };
}

/** Whether all that is not dirty is as the parent has it, at each destination. */
function mayTakeOver(
  { destinations }: Pick<BackupRequest, 'destinations'>,
  writers: readonly DestinationWriter[],
  { everywhere, snapshotIds }: Parent,
): boolean {
  const isCounted = ({ changesSince }: BackupDestination, position: number): boolean =>
    changesSince === undefined || writers[position]?.failure !== undefined || changesSince === snapshotIds[position];
  return everywhere && destinations.every(isCounted);
}

/** A snapshot of nothing would pass for a version of what was asked for. */
function nothingLeft({ leftOut, excluded }: Counts): TriplicateError {
  const [first] = leftOut;
  const why = excluded > 0 ? 'The exclusions leave out everything.' : 'There is nothing.';
  return new TriplicateError(
    'source/nothing-left',
    `No snapshot was made, as nothing would be in it. ${first ? `${first.path}: ${first.text}` : why}`,
  );
}

interface TreeWork {
  readonly pool: BackupPool;
  readonly writers: readonly DestinationWriter[];
  readonly parent: Parent;
  readonly counts: Counts;
  readonly attributes: AttributeReader;
  readonly selection: Selection;
  readonly ahead: ListingAhead | null;
  readonly owners: OwnerNames;
  readonly cache: ScanCache | null;
  readonly looks: readonly Promise<boolean>[];
  readonly scan: 'full' | 'changes';
  readonly signal: AbortSignal | undefined;
  readonly host: EngineHost;
}

/**
 * Runs the walk and the workers until every blob of the snapshot is in a stored pack. `onSent`: the last packs are on their
 * way, and this is the tree that they make whole.
 */
async function buildTree(
  request: BackupRequest,
  targets: Targets,
  work: TreeWork,
  onSent: (tree: TreeId) => void,
): Promise<TreeId> {
  const { pool, writers, counts, signal } = work;
  serveWorkers(work);
  const stopTelling = tellProgress(request, counts);
  const cancelled = rejectOnAbort(signal);
  try {
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const files = new FileQueue(pool, failed.reject);
    const trees = new TreeQueue(pool, writers, compressionLevelFor(request));
    const walk = new Walk({
      writers,
      parent: work.parent,
      selection: work.selection,
      ahead: work.ahead,
      attributes: work.attributes,
      entries: { owners: work.owners, utcOffsetMinutes: work.host.utcOffsetMinutes },
      cache: work.cache,
      files,
      trees,
      counts,
      dirty: work.scan === 'changes' && request.dirtyDirectories ? new DirtyPaths(request.dirtyDirectories) : null,
      signal,
    });
    const guards = [foundLost(work.looks), pool.failed, failed.promise, cancelled.promise, allFailed(writers)];
    const tree = await Promise.race([walk.run(targets.top), ...guards]);
    await Promise.race([trees.finish().then(() => pool.flush(() => onSent(tree))), ...guards]);
    const looked = await Promise.race([Promise.all(work.looks), ...guards]);
    if (looked.includes(false)) throw new LostPacks();
    return tree;
  } catch (error) {
    await pool.close();
    // Not where the lock was lost: another program may be deleting just now what the index would name.
    await Promise.all(writers.map((writer) => writer.salvage()));
    throw error;
  } finally {
    cancelled.stop();
    stopTelling();
    work.counts.attributeHelper = work.attributes.state;
    work.attributes.close();
  }
}

/** Rejects when a look for packs finds that one is gone; otherwise it never settles. */
function foundLost(looks: readonly Promise<boolean>[]): Promise<never> {
  const found = Promise.withResolvers<never>();
  found.promise.catch(() => undefined);
  for (const look of looks) {
    look.then((isGood) => {
      if (!isGood) found.reject(new LostPacks());
    }, found.reject);
  }
  return found.promise;
}

/** Null where a repository of version 1 is among them, which holds blobs as they are. */
function compressionLevelFor({ destinations }: Pick<BackupRequest, 'destinations'>): number | null {
  return destinations.some(({ repository }) => repository.config.version === 1) ? null : COMPRESSION_LEVEL;
}

function beginPool({ destinations, workers, ahead }: BackupRequest): BackupPool {
  const repositories = destinations.map(({ repository }) => repository);
  const pool = ahead?.pool ?? startPool(workers);
  pool.begin({
    keys: repositories.map(({ key }) => key),
    chunkerPolynomial: (repositories[0] as Repository).config.chunkerPolynomial.toString(16),
    compressionLevel: compressionLevelFor({ destinations }),
  });
  return pool;
}

function serveWorkers({ pool, writers, counts }: TreeWork): void {
  pool.serve({
    claim: (ids) => {
      const wanted = new Uint32Array(ids.length / 32);
      for (const [position, writer] of writers.entries()) {
        for (let n = 0; n < wanted.length; n++) {
          if (writer.claim('data', ids, n * 32)) wanted[n] = (wanted[n] ?? 0) | (1 << position);
        }
      }
      return wanted;
    },
    storePack: async (pack) => writers[pack.destination]?.storePack(pack),
    bytesRead: (bytes) => {
      counts.bytesStreamed += bytes;
    },
  });
}

function describeSnapshot(
  request: BackupRequest,
  targets: Targets,
  host: EngineHost,
  made: { readonly tree: TreeId; readonly startedAt: bigint; readonly hostname: string },
): Snapshot {
  return {
    time: { ns: made.startedAt, text: formatTime(made.startedAt, host.utcOffsetMinutes(made.startedAt)) },
    tree: made.tree,
    paths: targets.paths,
    hostname: made.hostname,
    username: host.username,
    uid: host.uid,
    gid: host.gid,
    excludes: request.excludes ?? [],
    tags: request.tags ?? [],
  };
}

function nameMissingAttributes(attributes: AttributeReader, counts: Counts): void {
  if (counts.attributeHelper !== 'works' && process.platform === 'linux') {
    counts.leaveOut(
      '',
      'attributes',
      counts.attributeHelper === 'missing'
        ? 'Extended attributes are not in this backup: the program perl is not installed.'
        : 'Not all extended attributes are in this backup: the program perl, which reads them, ended early.',
    );
  }
  if (attributes.problems > 0) {
    counts.leaveOut('', 'attributes', `The extended attributes of ${attributes.problems} entries could not be read.`);
  }
  const { unstorable } = attributes;
  if (unstorable > 0) {
    const which = unstorable === 1 ? '1 extended attribute has a name' : `${unstorable} extended attributes have names`;
    const end = unstorable === 1 ? 'is' : 'are';
    counts.leaveOut('', 'attributes', `${which} that the format cannot hold and ${end} not in this backup.`);
  }
}

function rejectOnAbort(signal: AbortSignal | undefined): { promise: Promise<never>; stop: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const onAbort = (): void =>
    reject(signal?.reason instanceof TriplicateError ? signal.reason : new TriplicateError('cancelled', 'Cancelled.'));
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  return { promise, stop: () => signal?.removeEventListener('abort', onAbort) };
}
