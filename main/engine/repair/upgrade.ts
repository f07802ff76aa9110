import { check } from '../check/check.ts';
import { hasCode, TriplicateError, throwIfCancelled } from '../errors.ts';
import type { EngineProgress } from '../progress.ts';
import { unlock, withLock } from '../repository/locks.ts';
import { openConfig, type Repository, sealConfig } from '../repository/repository.ts';
import { CONFIG_FILE, type WriteStore } from '../store/store.ts';

export interface UpgradeRequest {
  readonly repository: Repository;
  /**
   * Keeps the sealed config outside the repository, durably: on places that cannot replace a file in one step there is
   * none for a moment, and `putConfigBack` needs it when the program dies just then.
   */
  readonly keepConfig: (sealed: Uint8Array) => Promise<void>;
  readonly onProgress?: (progress: EngineProgress) => void;
  readonly signal?: AbortSignal;
}

export interface UpgradeReport {
  /** `current`: it was version 2 already. */
  readonly result: 'upgraded' | 'current';
  /** To work on from now on. */
  readonly repository: Repository;
}

/**
 * Makes a version 1 repository one of version 2: only its config is written anew, what is stored stays as it is and
 * readable (format, section 17). As restic, after a check that finds nothing damaged.
 * @throws `repo/damaged` when the check finds something: nothing was changed; `repo/locked`, `store/…`, `cancelled`
 */
export async function upgradeRepository(request: UpgradeRequest): Promise<UpgradeReport> {
  const { repository, signal } = request;
  if (repository.config.version === 2) {
    // An upgrade that was killed when all was done has left its lock, at which restic stops.
    await unlock(repository, 'stale', signal);
    return { result: 'current', repository };
  }
  return withLock(
    repository,
    'exclusive',
    (held, locked) => upgradeLocked(request, locked, held),
    signal ? { signal } : {},
  );
}

/** @param locked the repository as it is to be written to; the old config is put back whatever becomes of the lock */
async function upgradeLocked(request: UpgradeRequest, locked: Repository, signal: AbortSignal): Promise<UpgradeReport> {
  const { repository, keepConfig, onProgress } = request;
  const { store, key, host } = repository;
  const old = await store.get(CONFIG_FILE, undefined, signal);
  // Another program may have been quicker than our lock.
  const present = openConfig(key, old, store.location);
  if (present.version === 2) return { result: 'current', repository: { ...repository, config: present } };
  await refuseDamaged(repository, onProgress, signal);
  const config = { ...present, version: 2 } as const;
  await keepConfig(old);
  throwIfCancelled(signal);
  try {
    // Without the signal: whoever cancels now waits for the end of it rather than for a repository without config.
    await locked.store.replaceConfig(sealConfig(key, config, host));
  } catch (error) {
    await assertConfig(repository, old, error);
    throw error;
  }
  const written = openConfig(key, await store.get(CONFIG_FILE, undefined, signal), store.location);
  return { result: 'upgraded', repository: { ...repository, config: written } };
}

async function refuseDamaged(
  repository: Repository,
  onProgress: UpgradeRequest['onProgress'],
  signal: AbortSignal,
): Promise<void> {
  const { findings } = await check({ repository, read: 'structure', ...(onProgress ? { onProgress } : {}), signal });
  const first = findings.find(({ level }) => level === 'error');
  if (!first) return;
  throw new TriplicateError('repo/damaged', `Nothing was changed: the repository is damaged. ${first.text}`, {
    hint: 'Run `check`, then `repair index` or `repair packs`, and upgrade it after that.',
  });
}

/** After a failure there must be a config again, the old or the new one. */
async function assertConfig({ store, key }: Repository, old: Uint8Array, cause: unknown): Promise<void> {
  try {
    openConfig(key, await store.get(CONFIG_FILE), store.location);
  } catch (error) {
    if (await putOldBack(store, old, error)) return;
    throw new TriplicateError('store/unreachable', `The upgrade of ${store.location} was interrupted.`, {
      cause,
      hint: 'Its config may not be there now; nothing else is touched. Run `repo upgrade` again on this computer: it puts the config back and goes on.',
    });
  }
}

/** `error`: why there is none. */
function putOldBack(store: WriteStore, old: Uint8Array, error: unknown): Promise<boolean> {
  const put = (): Promise<void> => {
    if (hasCode(error, 'store/not-found')) return store.put(CONFIG_FILE, old);
    // A place may say that it has stored what it has cut short.
    return hasCode(error, 'repo/damaged', 'store/corrupt') ? store.replaceConfig(old) : Promise.reject(error);
  };
  return put().then(
    () => true,
    () => false,
  );
}
