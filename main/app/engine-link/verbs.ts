import {
  check,
  type RestoreAction as EngineAction,
  expectAllListed,
  findSnapshot,
  folderPlace,
  forget,
  listSnapshots,
  planRestore,
  prune,
  type Repository,
  type RestorePlan,
  type RestoreReport,
  restore,
  withLock,
  withReadLock,
} from '../../engine/engine.ts';
import { toWire } from '../../engine/errors.ts';
import { isFreshAfterGap } from './after-gap.ts';
import type {
  CallInput,
  CallOptions,
  CheckOutcome,
  EngineFinding,
  PruneOutcome,
  RestoreAction,
  RestoreCall,
  RestoreOutcome,
  RestorePlanInfo,
} from './calls.ts';
import type { OpenRepositories } from './open-repositories.ts';
import { policyOf } from './policy.ts';

export const MOST_FINDINGS = 200;
const SAMPLE = 200;
/** What one prune rewrites at most: backups there wait for it, and it is tried again every day. */
const REPACK_BYTES = { local: 4 * 1024 ** 3, remote: 512 * 1024 ** 2 } as const;

type Options = Required<CallOptions>;

/** Structure or every byte, under a shared lock so that nobody deletes meanwhile. */
export async function runCheck(
  repositories: OpenRepositories,
  { repository: address, depth }: CallInput<'check'>,
  { signal, onProgress }: Options,
): Promise<CheckOutcome> {
  const repository = await repositories.open(address);
  const read = depth === 'read-data' ? 'data' : 'structure';
  const report = await withLock(repository, 'shared', (held) => check({ repository, read, onProgress, signal: held }), {
    signal,
    onUnwritable: goOnUnlocked,
  });
  const findings = report.findings.map(
    ({ code, level, text }): EngineFinding => ({
      code: `check/${code}`,
      level: level === 'note' ? 'info' : level,
      text,
      path: null,
    }),
  );
  for (const { id, lost, lostCount } of report.affected) {
    findings.push({
      level: 'error',
      code: 'check/affected',
      text: `Snapshot ${id.slice(0, 8)} has lost ${lostCount} files, such as ${lost[0] ?? ''}.`,
      path: lost[0] ?? null,
    });
  }
  const packs = await repository.store.list('data', signal);
  return {
    findings: worstFirst(findings).slice(0, MOST_FINDINGS),
    moreFindings: Math.max(0, findings.length - MOST_FINDINGS),
    snapshots: report.snapshots,
    bytesRead: report.bytesRead,
    usedBytes: packs.reduce((sum, { size }) => sum + size, 0),
  };
}

/**
 * Forgets what the rules do not keep, of our own folders only, then removes what nothing needs. `known`: ids of snapshots
 * that were seen or stored there; nothing is forgotten by a listing that leaves one of them out.
 */
export async function runPrune(
  repositories: OpenRepositories,
  { repository: address, retention, roots }: CallInput<'prune'>,
  known: Iterable<string>,
  { signal, onProgress }: Options,
): Promise<PruneOutcome> {
  const repository = await repositories.open(address);
  const before = await repository.store.list('snapshots', signal);
  const listed = new Set(before.map(({ id }) => id));
  const { gone } = await expectAllListed(repository, known, listed, signal);
  const { hostname } = repository.host;
  const { snapshots } = await listSnapshots(repository, signal);
  const held: string[] = [];
  let kept = 0;
  let removed = 0;
  const forgotten = new Set<string>(gone);
  for (const path of roots) {
    const own = snapshots.filter(({ snapshot }) => snapshot.hostname === hostname && snapshot.paths.includes(path));
    const times = own.map(({ snapshot }) => snapshot.time.ns);
    if (isFreshAfterGap(times, repository.host.clock.now())) {
      held.push(path);
      kept += own.length;
      continue;
    }
    const report = await forget({
      repository,
      policy: policyOf(retention),
      groupBy: ['host', 'paths'],
      filter: { hostnames: [hostname], paths: [path] },
      mode: 'remove',
      signal,
    });
    for (const { id } of report.groups.flatMap(({ remove }) => remove)) forgotten.add(id);
    removed += report.removed;
    kept += report.groups.reduce((sum, { keep }) => sum + keep.length, 0);
  }
  const bytesBefore = await storedBytes(repository, signal);
  const knownIndex = await repositories.known(address);
  const pruned = await prune({
    repository,
    mode: 'prune',
    knownSnapshots: [...known, ...listed],
    forgottenSnapshots: forgotten,
    knownIndexFiles: knownIndex?.indexIds ?? [],
    maxRepackBytes: repository.store.capabilities.remote ? REPACK_BYTES.remote : REPACK_BYTES.local,
    onProgress,
    signal,
  });
  await repositories.remember(address, repository, undefined); // packs have moved
  const after = await storedBytes(repository, signal);
  return {
    snapshotsRemoved: removed,
    snapshotsKept: kept,
    bytesFreed: Math.max(0, bytesBefore - after),
    packsReplaced: pruned.packsReplaced,
    forgotten: [...forgotten, ...pruned.forgotten],
    held,
  };
}

export async function runPlanRestore(
  repositories: OpenRepositories,
  call: RestoreCall,
  options: Options,
): Promise<RestorePlanInfo> {
  const plan = await makePlan(repositories, call, options);
  const counts: Record<EngineAction, number> = { new: 0, replaced: 0, kept: 0, beside: 0, unchanged: 0 };
  const sample: RestorePlanInfo['sample'][number][] = [];
  for (const entry of plan.entries) {
    // A folder only joins what is there, unless something else stands in its place, and goes.
    if (entry.node.type === 'dir' && entry.action !== 'replaced') continue;
    counts[entry.action]++;
    if (sample.length < SAMPLE) sample.push({ path: entry.text, action: ACTIONS[entry.action] });
  }
  return {
    create: counts.new + counts.beside,
    replace: counts.replaced,
    keep: counts.kept,
    unchanged: counts.unchanged,
    bytes: plan.bytes,
    sample,
    warnings: plan.leftOut.map(({ text }) => text),
  };
}

const ACTIONS: Readonly<Record<EngineAction, RestoreAction>> = {
  new: 'create',
  replaced: 'replace',
  kept: 'keep',
  beside: 'keep-both',
  unchanged: 'unchanged',
};

export async function runRestore(
  repositories: OpenRepositories,
  call: RestoreCall,
  options: Options,
): Promise<RestoreOutcome> {
  const repository = await repositories.open(call.repository);
  const report = await withReadLock(
    repository,
    async (held) => restore(await makePlan(repositories, call, { ...options, signal: held })),
    { signal: options.signal, onUnwritable: goOnUnlocked, isProven: ({ result }) => result === 'complete' },
  );
  return outcomeOf(report);
}

/** A disk that is full or can only be read must give everything back all the same. */
export const goOnUnlocked = (): void => undefined;

/** A plan against the newest index of the destination. @throws what planning throws */
export async function makePlan(
  repositories: OpenRepositories,
  call: RestoreCall,
  { signal, onProgress }: Options,
): Promise<RestorePlan> {
  const { repository, loaded } = await repositories.withIndex(call.repository, signal);
  const { snapshot } = await findSnapshot(repository, call.snapshotId, {}, signal);
  const place = await folderPlace(repository, loaded.index, snapshot, call.root.replace(/\/+$/, ''), signal);
  const root = Buffer.from(place.path);
  const paths = call.keys.map((key) => Buffer.from(key, 'base64url'));
  const inSnapshot = paths.map((path) => Buffer.concat([root, Buffer.from('/'), path]));
  const all = paths.length === 0 || paths.some((path) => path.length === 0);
  return planRestore({
    repository,
    index: loaded.index,
    tree: snapshot.tree,
    target: call.target,
    from: call.target === call.root || all ? root : commonParent(root, paths),
    ...(all ? {} : { include: inSnapshot }),
    existing: call.existing,
    onProgress,
    signal,
  });
}

/** Chosen things of one folder go straight into the target, without the folders above them. */
function commonParent(root: Buffer, paths: readonly Buffer[]): Buffer {
  const parents = new Set(
    paths.map((path) => path.subarray(0, Math.max(0, path.lastIndexOf(0x2f))).toString('latin1')),
  );
  const [only] = parents;
  if (parents.size !== 1 || only === undefined || only === '') return root;
  return Buffer.concat([root, Buffer.from('/'), Buffer.from(only, 'latin1')]);
}

function outcomeOf(report: RestoreReport): RestoreOutcome {
  const minor = new Set(['not-supported', 'attributes']);
  const findings = report.leftOut.map(
    ({ path, reason, text }): EngineFinding => ({
      level: minor.has(reason) ? 'warning' : 'error',
      code: `restore/${reason}`,
      text,
      path,
    }),
  );
  return {
    filesRestored: report.files,
    bytesRestored: report.bytesVerified,
    findings: worstFirst(findings).slice(0, MOST_FINDINGS),
    moreFindings: Math.max(0, findings.length - MOST_FINDINGS),
  };
}

const SEVERITY: Readonly<Record<EngineFinding['level'], number>> = { error: 0, warning: 1, info: 2 };

/** A report that is cut short is judged by what is left of it: no mere note may push out what is wrong. */
export function worstFirst(findings: readonly EngineFinding[]): readonly EngineFinding[] {
  return findings.toSorted((a, b) => SEVERITY[a.level] - SEVERITY[b.level]);
}

async function storedBytes(repository: Repository, signal: AbortSignal): Promise<number> {
  try {
    return (await repository.store.list('data', signal)).reduce((sum, { size }) => sum + size, 0);
  } catch (error) {
    if (toWire(error).code === 'cancelled') throw error;
    return 0; // a figure for the report only
  }
}
