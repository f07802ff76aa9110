import { hasCode, TriplicateError } from '../errors.ts';
import { conflicts, decodeLock, encodeLock, isStale, type Lock } from '../format/lock.ts';
import { formatTime } from '../format/time.ts';
import { putAfter } from '../store/put-after.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';
import { readUnpacked, sealUnpacked } from './unpacked-files.ts';

export type LockMode = 'shared' | 'exclusive';

export interface StoredLock {
  readonly id: string;
  /** Absent when the file cannot be read; restic 0.14 ignores such locks, and so do we. */
  readonly lock?: Lock;
}

/** As restic: time for another program's lock to become visible (see `needsTime`), and the period of the refresh. */
const SETTLE_MS = 200;
const REFRESH_MS = 5 * 60 * 1000;
const RETRY_MS = 1000;
/** Whoever has cancelled does not wait longer for a lock to be taken away: a place that is silent takes minutes. */
const PATIENCE_MS = 10_000;

/** All lock files of the repository. */
export function listLocks(repository: Repository, signal?: AbortSignal): Promise<readonly StoredLock[]> {
  return listOtherLocks(repository, undefined, signal);
}

/** All but the one that is `own`: to read that back from a far place would only take time. */
async function listOtherLocks(
  repository: Repository,
  own: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly StoredLock[]> {
  const locks: StoredLock[] = [];
  const files = (await repository.store.list('locks', signal)).filter(({ id }) => id !== own);
  await inParallel(files, repository.store.capabilities.connections, async ({ id }) => {
    try {
      locks.push({ id, lock: decodeLock(await readUnpacked(repository, { type: 'locks', id }, signal)) });
    } catch (error) {
      if (hasCode(error, 'store/not-found')) return;
      if (!hasCode(error, 'repo/damaged', 'store/corrupt')) throw error;
      locks.push({ id });
    }
  });
  return locks;
}

export interface LockOptions {
  readonly signal?: AbortSignal;
  /** How long to wait for another program's lock to go; default 0. */
  readonly waitMs?: number;
  /** For work that only reads: what to call, and go on without a lock, where none can be written. Refused when absent. */
  readonly onUnwritable?: () => void;
}

/**
 * Holds a lock while `work` runs (format, section 10): conflicting locks are looked for before and after our own is
 * written; locks that are provably dead are removed first. `work` gets a signal that fires when the lock was lost.
 * @throws `repo/locked` naming who holds it; whatever `work` throws
 */
export async function withLock<T>(
  repository: Repository,
  mode: LockMode,
  work: (signal: AbortSignal) => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const held = new HeldLock(repository, mode, { cancel: options.signal });
  try {
    await held.acquire(options.waitMs ?? 0, options.signal);
  } catch (error) {
    return workUnlocked(error, work, options);
  }
  try {
    const lost = held.watch();
    return await work(options.signal ? AbortSignal.any([options.signal, lost]) : lost);
  } finally {
    await held.release();
  }
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
  /** Fires when the lock can no longer be trusted. */
  readonly lost: AbortSignal;
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
    release: async () => {
      given.abort();
      await held.catch(() => undefined);
      await lock.release();
    },
  };
}

/** Removes locks: those that are provably dead, or all when the person knows better. Gives how many. */
export async function unlock(
  repository: Repository,
  which: 'stale' | 'all' = 'stale',
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const { id, lock } of await listLocks(repository, signal)) {
    if (which === 'stale' && !abandoned.has(id) && !(lock && isDead(repository, lock))) continue;
    await removeLock(repository, id);
    removed++;
  }
  return removed;
}

/**
 * Locks of this process that could not be taken away, because the disk had gone, or whose writing failed, perhaps only
 * after the file was there. The process lives, so their owner looks alive to everybody; only we know that nobody holds them.
 */
const abandoned = new Set<string>();

function isDead(repository: Repository, lock: Lock): boolean {
  const { clock, hostname } = repository.host;
  return isStale(lock, clock.now(), { hostname, processExists: (pid) => repository.host.processExists(pid) });
}

async function removeLock(repository: Repository, id: string, signal?: AbortSignal): Promise<void> {
  await repository.store.remove({ type: 'locks', id }, signal).catch((error) => {
    if (!hasCode(error, 'store/not-found')) throw error;
  });
}

/**
 * Takes a lock of ours away; where that fails it is at least nobody's any more.
 * @param cancel what the person cancels with, before this or meanwhile
 */
async function giveUp(repository: Repository, id: string, cancel: AbortSignal | undefined): Promise<void> {
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
  try {
    await removeLock(repository, id, tooLong.signal);
  } catch {
    abandoned.add(id);
  } finally {
    done.abort();
  }
}

class HeldLock {
  readonly #repository: Repository;
  readonly #mode: LockMode;
  readonly #cancel: AbortSignal | undefined;
  readonly #onWritten: (() => void) | undefined;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  /** `restic unlock` tests a process of the same machine with SIGHUP, which would end a Node process without a handler. */
  readonly #ignore = (): void => undefined;
  #id: string | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  /** @param options what the person cancels with; `onWritten`: see `PendingLock.written` */
  constructor(
    repository: Repository,
    mode: LockMode,
    { cancel, onWritten }: { readonly cancel: AbortSignal | undefined; readonly onWritten?: () => void },
  ) {
    this.#repository = repository;
    this.#mode = mode;
    this.#cancel = cancel;
    this.#onWritten = onWritten;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async acquire(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#repository.host;
    const deadline = clock.now() + BigInt(waitMs) * 1_000_000n;
    process.on('SIGHUP', this.#ignore);
    try {
      for (let attempt = 1; ; attempt++) {
        const holder = await this.#tryOnce(attempt, signal);
        if (!holder) return;
        if (clock.now() >= deadline) throw lockedError(this.#repository, holder);
        await clock.sleep(RETRY_MS, signal);
      }
    } catch (error) {
      process.off('SIGHUP', this.#ignore);
      throw error;
    }
  }

  /** Keeps the lock fresh; gives the signal that fires when it can no longer be trusted. */
  watch(): AbortSignal {
    this.#refreshing = this.#refreshLoop();
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    this.#ended.abort();
    await this.#refreshing;
    process.off('SIGHUP', this.#ignore);
    // A destination that went away keeps our lock file; it goes stale by itself and is cleared by the next run.
    const id = this.#id;
    this.#id = undefined;
    if (id !== undefined) await giveUp(this.#repository, id, this.#cancel);
  }

  /** Takes the lock, or gives the lock that stands in the way. */
  async #tryOnce(attempt: number, signal: AbortSignal | undefined): Promise<Lock | undefined> {
    const lookedAt = performance.now();
    const before = await this.#lookAndWrite(attempt, signal);
    if (before) return before;
    try {
      const [during] = (await this.#needsTime())
        ? await Promise.all([
            this.#tellWritten(performance.now() - lookedAt, signal),
            this.#repository.host.clock.sleep(SETTLE_MS, signal),
          ])
        : [];
      const after = during ?? (await this.#inTheWay(signal));
      if (!after) return undefined;
      await this.#drop();
      return after;
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  /**
   * Whether another's lock could be there already and not be seen yet. Whoever wants to be alone writes its lock and looks again
   * as well. Where a look shows all that was written before it, the later of the two looks shows the other's lock,
   * however quickly it comes. So only who wants to be alone waits there, because it is the one that could do harm.
   */
  async #needsTime(): Promise<boolean> {
    return this.#mode === 'exclusive' || !(await this.#repository.store.showsAtOnce?.());
  }

  /**
   * Writes our lock unless another stands in the way, which it gives. The bytes travel during the first look where they can;
   * whoever has met another lock already most likely meets it again.
   */
  async #lookAndWrite(attempt: number, signal: AbortSignal | undefined): Promise<Lock | undefined> {
    const looking = this.#inTheWay(signal);
    const isFree = looking.then(
      (holder) => {
        if (holder) throw notNow();
      },
      () => {
        throw notNow();
      },
    );
    isFree.catch(() => undefined);
    const writing = attempt === 1 && this.#repository.store.putAfter ? this.#write(signal, isFree) : undefined;
    // What is wrong with the look is told first.
    writing?.catch(() => undefined);
    const isTaken = await looking.catch(async (error) => {
      await writing?.catch(() => undefined);
      throw error;
    });
    if (!isTaken) this.#id = await (writing ?? this.#write(signal));
    else await writing?.catch(() => undefined);
    return isTaken;
  }

  /**
   * Says that reading may begin, or gives the lock that stands in the way. Whoever locks between our look and our lock
   * waits as long as we do, and sees ours then, unless ours took longer, as on a far place. Then another may hold by now,
   * which one more look tells: whom it does not show has let go before it, or will still see ours.
   */
  async #tellWritten(tookMs: number, signal: AbortSignal | undefined): Promise<Lock | undefined> {
    if (!this.#onWritten) return undefined;
    const holder = tookMs < SETTLE_MS / 2 ? undefined : await this.#inTheWay(signal);
    if (!holder) this.#onWritten();
    return holder;
  }

  async #drop(): Promise<void> {
    const id = this.#id;
    this.#id = undefined;
    if (id !== undefined) await giveUp(this.#repository, id, this.#cancel);
  }

  async #inTheWay(signal: AbortSignal | undefined): Promise<Lock | undefined> {
    const dead: string[] = [];
    for (const { id, lock } of await listOtherLocks(this.#repository, this.#id, signal)) {
      if (abandoned.has(id) || (lock && isDead(this.#repository, lock))) dead.push(id);
      else if (lock && conflicts(this.#mode, [lock])) return lock;
    }
    // Only now: where nothing can be removed, the failure must not hide a lock that stands in the way.
    for (const id of dead) await removeLock(this.#repository, id);
    return undefined;
  }

  async #write(signal?: AbortSignal, ready: Promise<void> = Promise.resolve()): Promise<string> {
    const { clock, hostname, username, pid, uid, gid, utcOffsetMinutes } = this.#repository.host;
    const now = clock.now();
    const time = { ns: now, text: formatTime(now, utcOffsetMinutes(now)) };
    const lock: Lock = { time, exclusive: this.#mode === 'exclusive', hostname, username, pid, uid, gid };
    const { id, sealed } = sealUnpacked(this.#repository, encodeLock(lock));
    let mayArrive = false;
    const allowed = ready.then(() => {
      mayArrive = true;
    });
    allowed.catch(() => undefined);
    try {
      await putAfter(this.#repository.store, { type: 'locks', id }, sealed, allowed, signal);
    } catch (error) {
      abandoned.add(id);
      // It may have arrived all the same. Where the place does not answer, asking it to remove the lock would only take time.
      if (mayArrive && hasCode(error, 'cancelled')) await giveUp(this.#repository, id, this.#cancel);
      throw error;
    }
    return id;
  }

  /** Writes a new lock file before the old one is taken away; a lock that could not be renewed in time is lost. */
  async #refreshLoop(): Promise<void> {
    const { clock } = this.#repository.host;
    let failures = 0;
    for (;;) {
      const pause = failures === 0 ? REFRESH_MS : REFRESH_MS / 5;
      const ended = await clock.sleep(pause, this.#ended.signal).then(
        () => false,
        () => true,
      );
      if (ended) return;
      try {
        const old = this.#id;
        this.#id = await this.#write(this.#ended.signal);
        if (old !== undefined) await giveUp(this.#repository, old, this.#cancel);
        failures = 0;
      } catch {
        if (++failures < 5) continue;
        this.#lost.abort(new TriplicateError('repo/locked', 'The lock on the repository could not be renewed.'));
        return;
      }
    }
  }
}

/** Takes a lock back that has not been put in place. */
function notNow(): TriplicateError {
  return new TriplicateError('cancelled', 'Another lock was in the way, or could not be looked for.');
}

function lockedError(repository: Repository, lock: Lock): TriplicateError {
  const who = `${lock.username}@${lock.hostname}, process ${lock.pid}`;
  return new TriplicateError('repo/locked', `The repository at ${repository.store.location} is in use by ${who}.`, {
    data: { hostname: lock.hostname, username: lock.username, pid: lock.pid },
  });
}
