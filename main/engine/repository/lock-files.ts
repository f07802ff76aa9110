import { hasCode } from '../errors.ts';
import { decodeLock, isStale, type Lock, type LockJudge } from '../format/lock.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';
import { readUnpacked } from './unpacked-files.ts';

/** The lock files that lie in a repository, and what may be taken away of them. */

export interface StoredLock {
  readonly id: string;
  /** Absent when the file is no lock, or not given. */
  readonly lock?: Lock;
  /**
   * `not-a-lock`: restic 0.14 ignores such files, and so do we. `not-given`: it may be anybody's, who is at work, and a disk that
   * fails to read it or a server that does not give it is no word on that.
   */
  readonly unreadable?: 'not-a-lock' | 'not-given';
}

/** Locks take some hundred bytes. What is much larger is none, and is not read: it may be larger than memory. */
const LARGEST_LOCK = 1024 * 1024;
/** Between a listing of the locks and their reading one may be renewed, under another name. */
const LOOKS = 3;
/** Whoever has cancelled does not wait longer for a lock to be taken away: a place that is silent takes minutes. */
const PATIENCE_MS = 10_000;

/** All lock files of the repository. */
export async function listLocks(repository: Repository, signal?: AbortSignal): Promise<readonly StoredLock[]> {
  return (await listOtherLocks(repository, undefined, signal)).others;
}

/** All but the one that is `own`, and whether that is among them: to read it back from a far place would only take time. */
export async function listOtherLocks(
  repository: Repository,
  own: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly others: readonly StoredLock[]; readonly showsOwn: boolean }> {
  for (let look = 1; ; look++) {
    const locks: StoredLock[] = [];
    let gone = 0;
    const listed = await repository.store.list('locks', signal);
    const files = listed.filter(({ id }) => id !== own);
    await inParallel(files, repository.store.capabilities.connections, async ({ id, size }) => {
      if (size > LARGEST_LOCK) {
        locks.push({ id, unreadable: 'not-a-lock' });
        return;
      }
      try {
        locks.push({ id, lock: decodeLock(await readUnpacked(repository, { type: 'locks', id }, signal)) });
      } catch (error) {
        if (hasCode(error, 'store/not-found')) gone++;
        else if (hasCode(error, 'repo/damaged')) locks.push({ id, unreadable: 'not-a-lock' });
        else if (hasCode(error, 'store/corrupt')) locks.push({ id, unreadable: 'not-given' });
        else throw error;
      }
    });
    const isSure = gone === 0 && !locks.some(({ unreadable }) => unreadable === 'not-given');
    if (isSure || look === LOOKS) return { others: locks, showsOwn: files.length < listed.length };
  }
}

/**
 * Locks of this process that it has let go: also such that could not be taken away, because the disk had gone, or whose writing
 * failed, perhaps only after the file was there, or that a place still shows for a while. The process lives, so their owner looks
 * alive to everybody; only we know that nobody holds them. By the order in which that came about: of one that was let go only after
 * a look had begun, that look has to take account.
 */
export const letGo = new Map<string, number>();

export function noteLetGo(id: string): void {
  if (!letGo.has(id)) letGo.set(id, letGo.size);
}

export function isDead(repository: Repository, lock: Lock): boolean {
  return isStale(lock, repository.host.clock.now(), judgeOf(repository));
}

export function judgeOf({ host }: Repository): LockJudge {
  const { hostname, machine } = host;
  const processExists = (pid: number): boolean => host.processExists(pid);
  return { hostname, processExists, ...(machine === undefined ? {} : { machine }) };
}

export async function removeLocks(repository: Repository, ids: readonly string[], signal?: AbortSignal): Promise<void> {
  await inParallel(ids, repository.store.capabilities.connections, async (id) => {
    try {
      await repository.store.remove({ type: 'locks', id }, signal);
    } catch (error) {
      if (!hasCode(error, 'store/not-found')) throw error;
    }
  });
}

/**
 * Takes a lock of ours away; where that fails it is at least nobody's any more.
 * `missing`: another program has taken it away before.
 * @param cancel what the person cancels with, before this or meanwhile
 */
export async function giveUp(
  repository: Repository,
  id: string,
  cancel: AbortSignal | undefined,
): Promise<'removed' | 'missing' | 'abandoned'> {
  const done = new AbortController();
  const tooLong = new AbortController();
  const hurry = (): void => {
    repository.host.clock.sleep(PATIENCE_MS, done.signal).then(
      () => tooLong.abort(),
      () => undefined,
    );
  };
  if (cancel?.aborted) hurry();
  else cancel?.addEventListener('abort', hurry, { once: true, signal: done.signal });
  noteLetGo(id);
  try {
    await repository.store.remove({ type: 'locks', id }, tooLong.signal);
    return 'removed';
  } catch (error) {
    return hasCode(error, 'store/not-found') ? 'missing' : 'abandoned';
  } finally {
    done.abort();
  }
}
