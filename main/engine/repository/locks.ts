import { hasCode } from '../errors.ts';
import { HeldLock, type LockMode } from './held-lock.ts';
import { isDead, letGo, listLocks, removeLocks, type StoredLock } from './lock-files.ts';
import type { Repository } from './repository.ts';

export type { LockMode } from './held-lock.ts';
export { listLocks, type StoredLock } from './lock-files.ts';

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** How long to wait for another program's lock to go; default 0. */
  readonly waitMs?: number;
  /** `must-be-there`: what came of the work is refused when another program has cleared the lock by then. */
  readonly atEnd?: 'must-be-there';
  /** For work that only reads: what to call, and go on without a lock, where none can be written. Refused when absent. */
  readonly onUnwritable?: () => void;
}

/**
 * Holds a lock while `work` runs (format, section 10): conflicting locks are looked for before and after our own is
 * written; locks that are provably dead are removed first. `work` gets a signal that fires when the lock was lost, and the
 * repository as it has to write to it: nothing is written or removed through that once the lock cannot be trusted.
 * @throws `repo/locked` naming who holds it, or saying how it was lost; whatever `work` throws
 */
export async function withLock<T>(
  repository: Repository,
  mode: LockMode,
  work: (signal: AbortSignal, locked: Repository) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const held = new HeldLock(repository, mode, { cancel: options.signal });
  try {
    await held.acquire(options.waitMs ?? 0, options.signal);
  } catch (error) {
    return workUnlocked(error, (signal) => work(signal, repository), options);
  }
  let result: T;
  try {
    const lost = held.watch();
    result = await work(options.signal ? AbortSignal.any([options.signal, lost]) : lost, held.locked);
  } finally {
    await held.release();
  }
  if (options.atEnd) held.lost.throwIfAborted();
  return result;
}

export interface ReadLockOptions<T> extends Omit<LockOptions, 'waitMs'> {
  /** Whether the result says of itself that nothing was lacking: no other program can have taken away what it is made from. */
  readonly isProven: (result: T) => boolean;
}

/**
 * As `withLock` with a shared lock, for work that only reads the repository and verifies what it has read: it begins while it
 * is being waited whether the lock holds. A result that proves itself needs no more than that; any other, and any failure, is
 * given when the lock is known to have held.
 * @throws as `withLock`
 */
export async function withReadLock<T>(
  repository: Repository,
  work: (signal: AbortSignal) => Promise<T>,
  options: ReadLockOptions<T>,
): Promise<T> {
  const { signal, isProven } = options;
  const lock = takeLock(repository, 'shared', signal);
  const refused = new AbortController();
  lock.held.catch((error) => refused.abort(error));
  try {
    try {
      await lock.written;
    } catch (error) {
      return await workUnlocked(error, work, options);
    }
    try {
      const result = await work(AbortSignal.any([refused.signal, lock.lost, ...(signal ? [signal] : [])]));
      if (!isProven(result)) await lock.held;
      return result;
    } catch (error) {
      await lock.held;
      lock.lost.throwIfAborted();
      throw error;
    }
  } finally {
    await lock.release();
  }
}

/** Goes on without a lock where that is wanted and none can be written, as `error` says. @throws `error` otherwise */
async function workUnlocked<T>(
  error: unknown,
  work: (signal: AbortSignal) => Promise<T>,
  { onUnwritable, signal }: LockOptions,
): Promise<T> {
  if (!onUnwritable || !hasCode(error, 'store/read-only', 'store/denied', 'store/full')) throw error;
  onUnwritable();
  return work(signal ?? new AbortController().signal);
}

/** A lock that is being taken while work that only reads goes on. */
export interface PendingLock {
  /**
   * Reading may begin: what is read from now on is only used when the lock holds, and then nobody has removed anything
   * since. Rejects as `held` does.
   */
  readonly written: Promise<void>;
  /** The lock holds: writing may begin. Rejects with `repo/locked` and what the store throws. */
  readonly held: Promise<void>;
  /** Fires when the lock can no longer be trusted; at the latest with `release`, which finds it cleared by another program. */
  readonly lost: AbortSignal;
  /** The repository as it is written to: nothing is written or removed through it once the lock cannot be trusted. */
  readonly locked: Repository;
  release(): Promise<void>;
}

/** As `withLock`, for a run that reads while it is being waited whether the lock holds. */
export function takeLock(repository: Repository, mode: LockMode, signal?: AbortSignal): PendingLock {
  const written = Promise.withResolvers<void>();
  const given = new AbortController();
  const lock = new HeldLock(repository, mode, { cancel: signal, onWritten: written.resolve });
  const acquired = lock.acquire(0, signal ? AbortSignal.any([signal, given.signal]) : given.signal);
  const held = acquired.then(() => {
    lock.watch();
    written.resolve();
  });
  held.catch(written.reject);
  written.promise.catch(() => undefined);
  return {
    written: written.promise,
    held,
    lost: lock.lost,
    locked: lock.locked,
    release: async () => {
      given.abort();
      await held.catch(() => undefined);
      await lock.release();
    },
  };
}

/** Removes locks: those that are provably dead, or all, unread, when the person knows better. Gives how many. */
export async function unlock(
  repository: Repository,
  which: 'stale' | 'all' = 'stale',
  signal?: AbortSignal,
): Promise<number> {
  const locks: readonly StoredLock[] =
    which === 'all' ? await repository.store.list('locks', signal) : await listLocks(repository, signal);
  const isDue = ({ id, lock }: StoredLock): boolean =>
    which === 'all' || letGo.has(id) || (lock !== undefined && isDead(repository, lock));
  const due = locks.filter(isDue).map(({ id }) => id);
  await removeLocks(repository, due, signal);
  return due.length;
}
