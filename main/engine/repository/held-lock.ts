import type { Nanoseconds } from '../clock.ts';
import { hasCode, TriplicateError } from '../errors.ts';
import { conflicts, encodeLock, type Lock, STALE_AFTER } from '../format/lock.ts';
import { formatTime } from '../format/time.ts';
import { guarded } from '../store/guarded-store.ts';
import { putAfter } from '../store/put-after.ts';
import { hiddenError, lockedError, notGivenError } from './lock-errors.ts';
import { giveUp, isDead, letGo, listOtherLocks, noteLetGo, removeLocks } from './lock-files.ts';
import type { Repository } from './repository.ts';
import { sealUnpacked } from './unpacked-files.ts';

export type LockMode = 'shared' | 'exclusive';

/** As restic: time for another program's lock to become visible (see `needsTime`), and the period of the refresh. */
const SETTLE_MS = 200;
const REFRESH_MS = 5 * 60 * 1000;
const RETRY_MS = 1000;
/**
 * A lock that is older may soon be taken for one that nobody holds: a machine that slept has renewed nothing. It is looked at
 * before anything more is written.
 */
const TRUSTED_FOR: Nanoseconds = STALE_AFTER - 5n * 60n * 1_000_000_000n;
/**
 * Whoever clears locks by hand, or has a clock that is wrong, asks nobody: what is changed under a lock that has not been seen for
 * so long is changed only after a look. At a far place that is a request, which short runs do without.
 */
const SEEN_FOR = { near: 1_000_000_000n, far: 30n * 1_000_000_000n } as const;
/** How long a place may take until its list shows what was stored. */
const SHOWN_WITHIN_MS = 2 * 60 * 1000;
/**
 * `restic unlock` tests a process of the same machine with SIGHUP, which would end a Node process without a handler. One for all locks:
 * of more than ten Node warns on the standard error.
 */
const testedWithHangup = new Set<HeldLock>();
const ignore = (): void => undefined;

function expectHangup(lock: HeldLock): void {
  if (testedWithHangup.size === 0) process.on('SIGHUP', ignore);
  testedWithHangup.add(lock);
}

function expectNoHangup(lock: HeldLock): void {
  if (testedWithHangup.delete(lock) && testedWithHangup.size === 0) process.off('SIGHUP', ignore);
}

/** A lock of ours: taken, kept fresh and looked after until it is let go. */
export class HeldLock {
  readonly #repository: Repository;
  readonly #mode: LockMode;
  readonly #cancel: AbortSignal | undefined;
  readonly #onWritten: (() => void) | undefined;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  /** Nobody waits for a renewal any more. */
  readonly #over: AbortSignal;
  #id: string | undefined;
  /** What the newest lock of which it is known that nobody has cleared those before it says of its time. */
  #trustedSince: Nanoseconds | undefined;
  /** When our lock file was last looked for, and there. */
  #seen: Nanoseconds = 0n;
  #looking: Promise<void> | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #renewing: Promise<void> | undefined;
  readonly locked: Repository;

  /** @param options what the person cancels with; `onWritten`: see `PendingLock.written` */
  constructor(
    repository: Repository,
    mode: LockMode,
    { cancel, onWritten }: { readonly cancel: AbortSignal | undefined; readonly onWritten?: () => void },
  ) {
    this.#repository = repository;
    this.#mode = mode;
    this.#cancel = cancel;
    this.#over = cancel ? AbortSignal.any([this.#ended.signal, cancel]) : this.#ended.signal;
    this.#onWritten = onWritten;
    this.locked = { ...repository, store: guarded(repository.store, () => this.#assertHeld()) };
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async acquire(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#repository.host;
    const deadline = clock.now() + BigInt(waitMs) * 1_000_000n;
    expectHangup(this);
    try {
      for (let attempt = 1; ; attempt++) {
        const holder = await this.#tryOnce(attempt, signal);
        if (!holder) return;
        if (clock.now() >= deadline) throw lockedError(this.#repository, holder);
        await clock.sleep(RETRY_MS, signal);
      }
    } catch (error) {
      expectNoHangup(this);
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
    await this.#renewing?.catch(() => undefined);
    expectNoHangup(this);
    // A destination that went away keeps our lock file; it goes stale by itself and is cleared by the next run.
    const id = this.#id;
    this.#id = undefined;
    if (id === undefined) return;
    if ((await giveUp(this.#repository, id, this.#cancel)) === 'missing') this.#lose(CLEARED);
  }

  /** Takes the lock, or gives the lock that stands in the way. */
  async #tryOnce(attempt: number, signal: AbortSignal | undefined): Promise<Lock | undefined> {
    const lookedAt = performance.now();
    const [before, needsTime] = await Promise.all([this.#lookAndWrite(attempt, signal), this.#needsTime()]);
    if (before) return before;
    try {
      const [during] = needsTime
        ? await Promise.all([
            this.#tellWritten(performance.now() - lookedAt, signal),
            this.#repository.host.clock.sleep(SETTLE_MS, signal),
          ])
        : [];
      const after = during ?? (await this.#inTheWayForSure(signal));
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
    if (!isTaken) ({ id: this.#id, time: this.#trustedSince } = await (writing ?? this.#write(signal)));
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
    this.#trustedSince = undefined;
    if (id !== undefined) await giveUp(this.#repository, id, this.#cancel);
  }

  /**
   * The look by which the lock holds. A place that shows late what was stored hides another's lock as it hides ours: so ours has to
   * show. After as long again all shows that was stored until then, and whoever comes later sees ours.
   */
  async #inTheWayForSure(signal: AbortSignal | undefined): Promise<Lock | undefined> {
    const { clock } = this.#repository.host;
    for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
      const { holder, showsOwn } = await this.#lookAround(signal);
      if (holder || (showsOwn && waitedMs === 0)) return holder;
      if (showsOwn) {
        await clock.sleep(waitedMs, signal);
        return this.#inTheWay(signal);
      }
      await this.#look();
      this.#lost.signal.throwIfAborted();
      if (waitedMs >= SHOWN_WITHIN_MS) throw hiddenError(this.#repository);
      await clock.sleep(RETRY_MS, signal);
    }
  }

  async #inTheWay(signal: AbortSignal | undefined): Promise<Lock | undefined> {
    return (await this.#lookAround(signal)).holder;
  }

  /** Gives the lock that stands in the way, and whether ours is among those that are listed. Clears away those of the dead. */
  async #lookAround(signal: AbortSignal | undefined): Promise<{ readonly holder?: Lock; readonly showsOwn: boolean }> {
    const dead: string[] = [];
    const letGoBefore = letGo.size;
    let notGiven: string | undefined;
    const { others, showsOwn } = await listOtherLocks(this.#repository, this.#id, signal);
    for (const { id, lock, unreadable } of others) {
      const isLetGo = (letGo.get(id) ?? letGoBefore) < letGoBefore;
      if (isLetGo || (lock && isDead(this.#repository, lock))) dead.push(id);
      else if (lock && conflicts(this.#mode, [lock])) return { holder: lock, showsOwn };
      else if (unreadable === 'not-given') notGiven = id;
    }
    if (notGiven !== undefined) throw notGivenError(this.#repository, notGiven);
    // Only now: where nothing can be removed, the failure must not hide a lock that stands in the way.
    await removeLocks(this.#repository, dead, signal);
    return { showsOwn };
  }

  async #write(
    signal?: AbortSignal,
    ready: Promise<void> = Promise.resolve(),
  ): Promise<{ readonly id: string; readonly time: Nanoseconds }> {
    const { clock, hostname, machine, username, pid, uid, gid, utcOffsetMinutes } = this.#repository.host;
    const now = clock.now();
    const time = { ns: now, text: formatTime(now, utcOffsetMinutes(now)) };
    const owner = { hostname, username, pid, uid, gid, ...(machine === undefined ? {} : { machine }) };
    const lock: Lock = { time, exclusive: this.#mode === 'exclusive', ...owner };
    const { id, sealed } = sealUnpacked(this.#repository, encodeLock(lock));
    let mayArrive = false;
    const allowed = ready.then(() => {
      mayArrive = true;
    });
    allowed.catch(() => undefined);
    try {
      await putAfter(this.#repository.store, { type: 'locks', id }, sealed, allowed, signal);
    } catch (error) {
      noteLetGo(id);
      // It may have arrived all the same. Where the place does not answer, asking it to remove the lock would only take time.
      if (mayArrive && hasCode(error, 'cancelled')) await giveUp(this.#repository, id, this.#cancel);
      throw error;
    }
    return { id, time: now };
  }

  /** @throws what `lost` says */
  async #assertHeld(): Promise<void> {
    this.#lost.signal.throwIfAborted();
    if (this.#trustedSince === undefined || this.#ended.signal.aborted) {
      throw new TriplicateError('internal', 'Something was to be written without its lock.');
    }
    // The first may have begun before the machine slept.
    for (let tries = 1; !this.#isTrusted(); tries++) {
      try {
        await this.#renew();
        if (tries > 2 && !this.#isTrusted()) this.#lose('could not be renewed');
      } catch (cause) {
        if (tries > 1) this.#lose('could not be renewed', cause);
      }
      this.#lost.signal.throwIfAborted();
    }
    await this.#expectThere();
  }

  /** Whoever has cleared the lock may have removed by now what this run relies on. @throws what `lost` says; `store/…` */
  async #expectThere(): Promise<void> {
    const { host, store } = this.#repository;
    const patience = SEEN_FOR[store.capabilities.remote ? 'far' : 'near'];
    const now = host.clock.now();
    if (isWithin(patience, now, this.#seen) || isWithin(patience, now, this.#trustedSince ?? 0n)) return;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
    this.#lost.signal.throwIfAborted();
  }

  async #look(): Promise<void> {
    const now = this.#repository.host.clock.now();
    for (let id = this.#id; id !== undefined; ) {
      try {
        await this.#repository.store.get({ type: 'locks', id }, undefined, this.#over);
        this.#seen = now;
        return;
      } catch (error) {
        if (!hasCode(error, 'store/not-found')) throw error;
        // It may have been renewed meanwhile, under another name.
        if (this.#id === id) this.#lose(CLEARED);
        id = this.#id === id ? undefined : this.#id;
      }
    }
  }

  /**
   * Writes a new lock file before the old one is taken away. When that was taken away already, another program took ours for one
   * that nobody holds, and may have removed by now what this run relies on. Whoever takes it away later sees the new one.
   */
  #renew(): Promise<void> {
    this.#renewing ??= this.#renewNow().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewNow(): Promise<void> {
    const old = this.#id;
    const { id, time } = await this.#write(this.#over);
    this.#id = id;
    if (old === undefined) return;
    // A removal would not tell: tried again over a broken connection, it takes what is missing for removed.
    const isThere = this.#isTrusted() || (await this.#isListed(old));
    const became = await giveUp(this.#repository, old, this.#cancel);
    if (!isThere || became === 'missing') {
      this.#lose(CLEARED);
    } else this.#trustedSince = time;
  }

  /** Where that cannot be told the lock is lost: a second try would find only what was written since. */
  async #isListed(lock: string): Promise<boolean> {
    try {
      const listed = await this.#repository.store.list('locks', this.#over);
      return listed.some(({ id }) => id === lock);
    } catch (cause) {
      this.#lose('could not be looked for', cause);
      return false;
    }
  }

  #isTrusted(): boolean {
    const { clock } = this.#repository.host;
    return this.#trustedSince !== undefined && isWithin(TRUSTED_FOR, clock.now(), this.#trustedSince);
  }

  /** The first reason counts. */
  #lose(how: string, cause?: unknown): void {
    const text = `Our lock on the repository at ${this.#repository.store.location} ${how}.`;
    const hint =
      'Start again: the next run goes on from what is stored. If this returns, look for a program that clears locks, or a clock that is wrong.';
    this.#lost.abort(new TriplicateError('repo/locked', text, { hint, ...(cause === undefined ? {} : { cause }) }));
  }

  /** A lock that could not be renewed in time is lost. */
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
        await this.#renew();
        if (this.#lost.signal.aborted) return;
        failures = 0;
      } catch (cause) {
        if (++failures < 5) continue;
        this.#lose('could not be renewed', cause);
        return;
      }
    }
  }
}

/** What lies ahead as far is no more recent: the clock was put back, and how long ago it was nobody knows. */
function isWithin(span: Nanoseconds, now: Nanoseconds, at: Nanoseconds): boolean {
  const apart = now - at;
  return apart < span && -apart < span;
}

const CLEARED = 'was cleared by another program, perhaps while this machine slept';

/** Takes a lock back that has not been put in place. */
function notNow(): TriplicateError {
  return new TriplicateError('cancelled', 'Another lock was in the way, or could not be looked for.');
}
