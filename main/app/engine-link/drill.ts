import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import {
  type BlobIndex,
  findSnapshot,
  folderPlace,
  loadIndex,
  packFileSize,
  type Repository,
  withLock,
} from '../../engine/engine.ts';
import { hasCode, toWire } from '../../engine/errors.ts';
import { removeTree } from '../remove-tree.ts';
import type { CallInput, CallOptions, EngineFinding, RestoreCall, RestoreOutcome } from './calls.ts';
import type { OpenRepositories } from './open-repositories.ts';
import { chooseSample } from './sample.ts';
import { goOnUnlocked, MOST_FINDINGS, makePlan, runRestore, worstFirst } from './verbs.ts';

/**
 * Proves that what the destination holds can be restored: nothing that this process remembers is believed. Damage is a
 * finding. @throws what says nothing of the copy: `store/unreachable`, `cancelled`, `snapshot/not-found` and the like
 */
export async function runDrill(
  repositories: OpenRepositories,
  input: CallInput<'drill'>,
  options: Required<CallOptions>,
): Promise<RestoreOutcome> {
  try {
    return await tryRestore(repositories, input, options);
  } catch (error) {
    if (!hasCode(error, 'repo/damaged', 'repo/blob-missing', 'store/corrupt')) throw error;
    const finding = { level: 'error', code: 'restore/damaged', text: toWire(error).message, path: null } as const;
    return { filesRestored: 0, bytesRestored: 0, findings: [finding], moreFindings: 0 };
  }
}

async function tryRestore(
  repositories: OpenRepositories,
  { repository: address, snapshotId, root, scratch, sample }: CallInput<'drill'>,
  options: Required<CallOptions>,
): Promise<RestoreOutcome> {
  const { signal } = options;
  const repository = await repositories.open(address);
  const look = async (held: AbortSignal): Promise<Looked> => {
    const { snapshot } = await findSnapshot(repository, snapshotId, {}, held);
    const { index } = await loadIndex(repository, { signal: held });
    const missing = await missingPacks(repository, index, held);
    if (missing.length > 0) return { missing, chosen: [] };
    const { tree } = await folderPlace(repository, index, snapshot, root.replace(/\/+$/, ''), held);
    const pick = (count: number): number => randomInt(count);
    const request = { repository, index, limit: sample, pick, signal: held };
    return { missing, chosen: tree ? await chooseSample({ ...request, tree }) : [] };
  };
  const { missing, chosen } = await withLock(repository, 'shared', look, { signal, onUnwritable: goOnUnlocked });
  if (missing.length > 0 || chosen.length === 0) {
    return { filesRestored: 0, bytesRestored: 0, findings: missing, moreFindings: 0 };
  }
  const target = join(scratch, snapshotId.slice(0, 12));
  const keys = chosen === 'all' ? [] : chosen;
  const call: RestoreCall = { repository: address, snapshotId, root, keys, target, existing: 'replace' };
  try {
    const done = await runRestore(repositories, call, options);
    // A second plan reads what is on the disk now: everything must be there and equal.
    const again = await makePlan(repositories, call, options);
    const differing = again.entries.filter(({ action, node }) => node.type === 'file' && action !== 'unchanged');
    const findings = differing.map(
      ({ text }): EngineFinding => ({
        level: 'error',
        code: 'drill/differs',
        text: `${text} is not as it should be after the restore.`,
        path: text,
      }),
    );
    return { ...done, findings: worstFirst([...done.findings, ...findings]).slice(0, MOST_FINDINGS) };
  } finally {
    await removeTree(target);
  }
}

interface Looked {
  readonly missing: readonly EngineFinding[];
  readonly chosen: 'all' | readonly string[];
}

/** The index against what the destination lists. */
async function missingPacks(
  repository: Repository,
  index: BlobIndex,
  signal: AbortSignal,
): Promise<readonly EngineFinding[]> {
  const listed = new Map((await repository.store.list('data', signal)).map(({ id, size }) => [id as string, size]));
  const findings: EngineFinding[] = [];
  for (const { id, blobs } of index.packs()) {
    const size = listed.get(id);
    if (size === packFileSize(blobs)) continue;
    const text = `A file of the copies (${id.slice(0, 8)}) ${size === undefined ? 'is missing' : 'has the wrong size'} there.`;
    findings.push({
      level: 'error',
      code: size === undefined ? 'check/pack-missing' : 'check/pack-size',
      text,
      path: null,
    });
    if (findings.length === MOST_FINDINGS) break;
  }
  return findings;
}
