import { resolve } from 'node:path';
import { CacheFile } from '../../app/cache-file.ts';
import { systemHost } from '../../app/engine-host.ts';
import { cacheFolder, scansFolder } from '../../app/home-folder.ts';
import {
  type AffectedSnapshot,
  type BackupReport,
  backup,
  beginRun,
  check,
  createRepository,
  type DestinationResult,
  findSnapshot,
  PARTIAL_REASONS,
  planRestore,
  prune,
  type RestorePlan,
  type RunAhead,
  restore,
  unlock,
  withLock,
  withReadLock,
} from '../../engine/engine.ts';
import { fromWire, TriplicateError } from '../../engine/errors.ts';
import type { WriteStore } from '../../engine/store/store.ts';
import { keepIndex, keptIndex, loadKeptIndex } from './cached-index.ts';
import { type FilterOptions, filterOf } from './run-reading.ts';
import { counted, type ExitCode, type RepoSession, sizeText } from './session.ts';
import { warn } from './terminal.ts';

export async function runInit(session: RepoSession): Promise<ExitCode> {
  const passphrase = await session.passphrase();
  const repository = await createRepository(await session.openStore(), { passphrase }, systemHost(), session.signal);
  session.json({ type: 'initialized', id: repository.config.id, location: repository.store.location });
  session.say(`Created a repository at ${repository.store.location}.`);
  session.say('Keep the passphrase safe: without it nothing in the repository can be read.');
  return 0;
}

interface BackupOptions {
  readonly exclude: readonly string[];
  readonly tag: readonly string[];
  readonly host?: string;
  readonly excludeLargerThan?: number;
  readonly excludeCaches?: boolean;
  readonly excludeIfPresent: readonly string[];
  /** False with `--no-cache`. */
  readonly cache: boolean;
}

export async function runBackup(
  session: RepoSession,
  paths: readonly string[],
  options: BackupOptions,
): Promise<ExitCode> {
  const scan = {
    paths,
    workingDirectory: process.cwd(),
    excludes: options.exclude,
    excludeMarkers: options.excludeIfPresent,
    excludeCaches: options.excludeCaches ? 'yes' : 'no',
    ...(options.excludeLargerThan === undefined ? {} : { excludeLargerThan: options.excludeLargerThan }),
  } as const;
  const cacheAt = ({ location }: { readonly location: string }): CacheFile => {
    const whole = paths.map((path) => resolve(path));
    return CacheFile.ofDirectories(scansFolder(cacheFolder()), [location], whole);
  };
  let ahead: RunAhead | undefined;
  try {
    const onStore = (store: WriteStore): void => {
      const expected = options.cache && cacheAt(store).exists ? 'nothing' : 'changes';
      ahead = beginRun(scan, store, { signal: session.signal, expected });
    };
    const keeps = options.cache ? 'snapshots' : 'nothing';
    const repository = await session.openRepository({ onStore, keeps });
    const cache = cacheAt(repository.store);
    const directoryCache = options.cache ? await cache.read() : undefined;
    const knownIndex = options.cache ? await keptIndex(repository) : undefined;
    const request = {
      ...scan,
      destinations: [{ repository, ...(knownIndex ? { knownIndex } : {}) }],
      ...(ahead ? { ahead } : {}),
      ...(directoryCache ? { directoryCache } : {}),
    };
    const kept = knownIndex?.indexIds;
    return await runScan(session, request, options, async ({ directoryCache, results: [result] }) => {
      if (directoryCache) await cache.write(directoryCache);
      await keepIndex(repository, result?.index, kept);
    });
  } finally {
    ahead?.close();
  }
}

async function runScan(
  session: RepoSession,
  request: Parameters<typeof backup>[0],
  options: BackupOptions,
  keep: (report: BackupReport) => Promise<void>,
): Promise<ExitCode> {
  const report = await backup({
    ...request,
    ...(options.host ? { hostname: options.host } : {}),
    tags: options.tag.flatMap((list) => list.split(',')).filter((tag) => tag !== ''),
    onProgress: session.progress,
    signal: session.signal,
  });
  const [result] = report.results;
  if (!result || result.error)
    throw result?.error ? fromWire(result.error) : new TriplicateError('internal', 'No result.');
  const { index: _index, ...plain } = result;
  await keep(report);
  const { results: _results, directoryCache: _directoryCache, ...rest } = report;
  session.json({ type: 'summary', ...rest, ...plain });
  nameLeftOut(report.leftOut);
  session.say(`Files: ${report.filesNew} new, ${report.filesChanged} changed, ${report.filesUnchanged} unchanged`);
  session.say(`Read ${sizeText(report.bytesRead)}, added ${sizeText(result.bytesAdded)} to the repository`);
  session.say(`Snapshot ${result.snapshotId?.slice(0, 8)} saved`);
  tellDamaged(result);
  tellUnnamed(result);
  return result.damagedParts > 0 || report.leftOut.some(({ reason }) => PARTIAL_REASONS.has(reason)) ? 3 : 0;
}

/** What a run found lost in the repository that it wrote to. */
export function tellDamaged({ damagedParts, indexLost }: Pick<DestinationResult, 'damagedParts' | 'indexLost'>): void {
  if (indexLost) {
    warn(
      'The repository has lost its index, so what is here was stored again. Older snapshots can be read when `repair index` has made it anew from the packs.',
    );
  }
  const parts = damagedParts - (indexLost ? 1 : 0);
  if (parts === 0) return;
  warn(
    `The repository has lost ${parts} of its files. What is still here was stored again; older snapshots may be damaged. Run \`check\`.`,
  );
}

function tellUnnamed({ unnamedPacks = 0 }: Pick<DestinationResult, 'unnamedPacks'>): void {
  if (unnamedPacks === 0) return;
  warn(
    `The repository held ${counted(unnamedPacks, 'pack')}, but neither an index nor a snapshot was to be seen, so everything was stored again. After an interrupted first backup that is right, and \`prune\` removes what is left over. If there are older snapshots, the place does not show all it has: do not prune, look why.`,
  );
}

/** On a disk that is only to be read, nothing is written, so no other program is kept from writing. */
export function tellUnlocked(): void {
  warn('The repository cannot be written to: it is read without a lock.');
}

/** What concerns no single path has none. */
function nameLeftOut(leftOut: readonly { readonly path: string; readonly text: string }[]): void {
  for (const { path, text } of leftOut) warn(path === '' ? text : `${path}: ${text}`);
}

interface RestoreOptions extends FilterOptions {
  readonly target: string;
  readonly include: readonly string[];
  readonly existing: 'skip' | 'replace' | 'keep-both';
  readonly dryRun?: boolean;
}

export async function runRestore(session: RepoSession, wanted: string, options: RestoreOptions): Promise<ExitCode> {
  const repository = await session.openRepository();
  const work = async (signal: AbortSignal): Promise<ExitCode> => {
    const { snapshot } = await findSnapshot(repository, wanted, filterOf(options), signal);
    const { index } = await loadKeptIndex(repository, { onDamage: 'report', signal });
    const plan = await planRestore({
      repository,
      index,
      tree: snapshot.tree,
      target: resolve(options.target),
      includePatterns: options.include,
      existing: options.existing,
      onProgress: session.progress,
      signal,
    });
    if (options.dryRun) return tellPlan(session, plan);
    const report = await restore(plan);
    session.json({ type: 'summary', ...report });
    nameLeftOut(report.leftOut);
    session.say(
      `Restored ${counted(report.files, 'file')} and ${counted(report.directories, 'folder')} to ${options.target}`,
    );
    session.say(
      `Verified ${sizeText(report.bytesVerified)}; ${report.unchanged} were there already, ${report.kept} kept`,
    );
    if (report.result === 'complete') return 0;
    session.say(`${report.leftOut.length} could not be restored as they were; they are named above.`);
    return 3;
  };
  const { signal } = session;
  return withReadLock(repository, work, { signal, onUnwritable: tellUnlocked, isProven: (exitCode) => exitCode === 0 });
}

function tellPlan(session: RepoSession, plan: RestorePlan): ExitCode {
  const entries = plan.entries.map(({ text, action, node }) => ({
    path: text,
    action,
    type: node.type,
    size: node.size,
  }));
  session.json({ type: 'plan', ...plan.counts, bytes: plan.bytes, leftOut: plan.leftOut, entries });
  for (const { text, action } of plan.entries) session.say(`${action.padEnd(9)} ${text}`);
  const { counts } = plan;
  session.say(
    `${counts.new} new, ${counts.replaced} replaced, ${counts.beside} beside, ${counts.kept} kept, ${counts.unchanged} unchanged; ${sizeText(plan.bytes)}`,
  );
  nameLeftOut(plan.leftOut);
  return plan.leftOut.length > 0 ? 3 : 0;
}

interface CheckOptions {
  readonly readData?: boolean;
  readonly readDataSubset?: { readonly part: number; readonly of: number };
}

export async function runCheck(session: RepoSession, options: CheckOptions): Promise<ExitCode> {
  const repository = await session.openRepository();
  const report = await withLock(
    repository,
    'shared',
    (signal) =>
      check({
        repository,
        read: options.readData || options.readDataSubset ? 'data' : 'structure',
        ...(options.readDataSubset ? { subset: options.readDataSubset } : {}),
        onProgress: session.progress,
        signal,
      }),
    { signal: session.signal, onUnwritable: tellUnlocked },
  );
  session.json({ type: 'summary', ...report });
  for (const { level, text } of report.findings) session.say(`${level}: ${text}`);
  tellAffected(session, report.affected);
  session.say(
    `${counted(report.snapshots, 'snapshot')}, ${counted(report.packs, 'pack')}, ${counted(report.blobs, 'piece')} of content`,
  );
  if (report.packsRead > 0) session.say(`Read ${counted(report.packsRead, 'pack')}, ${sizeText(report.bytesRead)}`);
  session.say(report.result === 'good' ? 'No errors were found.' : 'The repository is damaged.');
  if (report.result === 'damaged') {
    session.say('`repo repair packs` saves what is good in it, and takes the rest from another copy (--from).');
  }
  return report.result === 'good' ? 0 : 1;
}

/** What each snapshot has lost, path by path. */
export function tellAffected(session: RepoSession, affected: readonly AffectedSnapshot[]): void {
  for (const { id, time, lost, lostCount } of affected) {
    session.say(
      `Snapshot ${id.slice(0, 8)} of ${time}: ${lostCount} paths cannot be restored whole, everything else can:`,
    );
    for (const path of lost) session.say(`  ${path}`);
    if (lostCount > lost.length) session.say(`  … and ${lostCount - lost.length} more`);
  }
}

interface PruneOptions {
  readonly dryRun?: boolean;
  readonly knownSnapshots?: readonly string[];
  readonly forgottenSnapshots?: readonly string[];
}

export async function runPrune(session: RepoSession, options: PruneOptions): Promise<ExitCode> {
  const repository = await session.openRepository();
  const mode = options.dryRun ? 'plan' : 'prune';
  const { knownSnapshots = [], forgottenSnapshots = [] } = options;
  const kept = await keptIndex(repository);
  const report = await prune({
    repository,
    mode,
    knownSnapshots,
    forgottenSnapshots,
    knownIndexFiles: kept?.indexIds ?? [],
    onProgress: session.progress,
    signal: session.signal,
  });
  session.json({ type: 'summary', ...report });
  const { bytes } = report;
  session.say(
    `Packs: ${report.packsRemoved} removed, ${report.packsRepacked} of them rewritten, ${report.packsKept} kept`,
  );
  session.say(
    `${sizeText(bytes.removed + bytes.unindexed)} ${mode === 'plan' ? 'would be' : 'were'} freed, ${sizeText(bytes.unusedAfter)} stay unused`,
  );
  if (report.packsReplaced > 0) {
    warn(
      `${counted(report.packsReplaced, 'pack')} damaged. What was in them was stored twice and is whole again; run \`check --read-data\`.`,
    );
  }
  return 0;
}

export async function runUnlock(session: RepoSession, options: { readonly removeAll?: boolean }): Promise<ExitCode> {
  const repository = await session.openRepository();
  const removed = await unlock(repository, options.removeAll ? 'all' : 'stale', session.signal);
  const left = (await repository.store.list('locks', session.signal)).length;
  session.json({ type: 'summary', removed, left });
  session.say(`${counted(removed, 'lock')} removed`);
  if (left > 0) {
    session.say(
      `${counted(left, 'lock')} left that may be in use. If you know that none is, --remove-all removes them too.`,
    );
  }
  return 0;
}
