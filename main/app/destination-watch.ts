import { setTimeout as delay } from 'node:timers/promises';
import type { Destination } from '../api/contract/destinations.ts';
import type { ContractError, DestinationId, FolderId } from '../api/contract/values.ts';
import { TriplicateError, toWire } from '../engine/errors.ts';
import { noteAbsence, noteReturn } from './absences.ts';
import { addressOf, type Core, isoNow } from './core.ts';
import { elapsed } from './elapsed.ts';
import type { RepositoryAddress } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';
import { noteGoneVersions } from './gone-versions.ts';
import { describeLocation, isRemote } from './location.ts';
import type { DestinationRecord } from './records.ts';
import { TwinPlaces } from './twin-places.ts';

/** What is known of a destination right now; never kept between two starts. */
export interface LiveState {
  readonly state: Destination['state'];
  readonly problem: ContractError | null;
  readonly freeBytes: number | null;
  readonly totalBytes: number | null;
  readonly nextLookAt: number;
  /** When it was last found ready in this start, in milliseconds. */
  readonly readyAt: number | null;
  /**
   * A run could not write there, which no look disproves. `room`: what was free at the first look after it. Absent: nothing of the
   * kind is known.
   */
  readonly unwritable?: { readonly code: string; readonly room: number | null };
}

const UNKNOWN: LiveState = {
  state: 'unknown',
  problem: null,
  freeBytes: null,
  totalBytes: null,
  nextLookAt: 0,
  readyAt: null,
};

/** Milliseconds between two looks: a disk is asked often, because asking costs nothing. */
const PERIOD = { localMs: 15_000, remoteMs: 300_000, remoteAwayMs: 60_000 };
/** A disk answers within seconds, also one that slept; a share whose server is gone may never do. */
const HANGS_AFTER_MS = 60_000;
const SEEN_PRECISION_MS = 600_000;
/** How often a remote that stays there is asked for the versions that count: that is a request for each folder. */
const REMOTE_VERSIONS_MS = 3_600_000;
/** Codes with which a place says that it is not reachable now, rather than that something is wrong. */
const AWAY = new Set(['store/unreachable', 'repo/not-a-repository', 'rclone/failed', 'cancelled']);

/** Asks the destinations whether they are there. Away is a state, not an error; coming back is told. */
export class DestinationWatch {
  readonly #core: Core;
  readonly #patienceMs: number;
  readonly #live = new Map<string, LiveState>();
  readonly #looking = new Map<string, Promise<void>>();
  readonly #firstSeen = new Set<(id: DestinationId) => void>();
  readonly #returned = new Set<(id: DestinationId) => void>();
  readonly #lost = new Set<(folderId: FolderId, id: DestinationId) => void>();
  /** When the versions that count were last asked for. */
  readonly #versionsAt = new Map<string, number>();
  readonly #twins: TwinPlaces;

  constructor(core: Core, patienceMs = HANGS_AFTER_MS) {
    this.#core = core;
    this.#patienceMs = patienceMs;
    this.#twins = new TwinPlaces(core);
  }

  live(id: string): LiveState {
    return this.#live.get(id) ?? UNKNOWN;
  }

  /** Calls the listener when a destination that was away is there again. */
  onReturned(listener: (id: DestinationId) => void): void {
    this.#returned.add(listener);
  }

  /** Calls the listener when a destination is there at the first look since the start. */
  onFirstSeen(listener: (id: DestinationId) => void): void {
    this.#firstSeen.add(listener);
  }

  /** Calls the listener when the newest version of a folder is gone from a destination. */
  onLost(listener: (folderId: FolderId, id: DestinationId) => void): void {
    this.#lost.add(listener);
  }

  /** Looks at those whose time has come. */
  async lookAround(): Promise<void> {
    const now = this.#core.ports.clock.now();
    const due = this.#core.configuration.value.destinations.filter(({ id }) => {
      const { nextLookAt } = this.live(id);
      // Further off than any pause: the clock was put back.
      return nextLookAt <= now || nextLookAt > now + PERIOD.remoteMs;
    });
    await Promise.all(due.map((destination) => this.look(destination)));
  }

  /** Looks at one; a look under way is shared, also one that hangs: nobody waits for that any more. */
  look(destination: DestinationRecord): Promise<void> {
    const running = this.#looking.get(destination.id);
    if (running) return running;
    const looking = this.#look(destination).finally(() => this.#looking.delete(destination.id));
    const bounded = isRemote(destination.location) ? looking : this.#unlessItHangs(destination, looking);
    this.#looking.set(destination.id, bounded);
    return bounded;
  }

  /** What hangs cannot be restored from, and no run must wait for it; when the look ends after all, it is there again. */
  async #unlessItHangs(destination: DestinationRecord, looking: Promise<void>): Promise<void> {
    const ended = new AbortController();
    const late = delay(this.#patienceMs, 'hangs', { signal: ended.signal, ref: false }).catch(() => 'ended');
    const answer = await Promise.race([looking, late]).finally(() => ended.abort());
    if (answer !== 'hangs') return;
    const text = `${describeLocation(destination.location)} does not answer.`;
    this.noteFailure(destination, plainError(new TriplicateError('store/unreachable', text)));
  }

  /**
   * Of a place that is to be added. One that holds the repository of a destination that is away may be added: it is looked at
   * again when both are there. @throws `app/same-place`
   */
  async refuseSamePlace(address: RepositoryAddress, repositoryId: string): Promise<void> {
    const place = { id: null, location: address.location, repositoryId };
    for (const elder of this.#twins.elders(place)) {
      await this.look(elder);
      const { state } = this.live(elder.id);
      if (state === 'ready' || state === 'damaged') await this.#twins.refuse(place, address, elder);
    }
  }

  forget(id: string): void {
    this.#live.delete(id);
    this.#twins.forget(id);
  }

  /**
   * A run met this error there: a destination that vanished is away at once, not at the next look, and what the run would
   * have stored is missed. `since`: when the run began, in milliseconds.
   */
  noteFailure(destination: DestinationRecord, error: ContractError, since = this.#core.ports.clock.now()): void {
    const { code } = error;
    if (code === 'repo/locked') {
      // It can be looked at, and nothing says for how long another program keeps it to itself.
      this.#live.set(destination.id, { ...this.live(destination.id), unwritable: { code, room: null } });
      noteAbsence(this.#core, destination, since);
    }
    if (!AWAY.has(code) && !isBlocking(code)) return;
    if (code === 'cancelled') return;
    this.#settle(
      destination,
      {
        ...this.live(destination.id),
        ...judge(error),
        ...(WRITING.has(code) ? { unwritable: { code, room: null } } : {}),
        nextLookAt: this.#next(destination, 'away'),
      },
      since,
    );
  }

  /** A run has stored something there: what kept it from that is over. */
  noteStored(destination: DestinationRecord): void {
    const { unwritable, ...live } = this.live(destination.id);
    if (!unwritable) return;
    this.#live.set(destination.id, live);
    if (live.state === 'ready') noteReturn(this.#core, destination);
  }

  async #look(destination: DestinationRecord): Promise<void> {
    try {
      const found = await this.#core.engine.call('probe', { location: destination.location });
      if (found.repository === 'absent') {
        this.#settle(destination, { ...UNKNOWN, state: 'away', nextLookAt: this.#next(destination, 'away') });
        return;
      }
      // A wrong passphrase or another repository shows at once; opening is kept, so it costs something only the first time.
      if (this.#core.secrets.state === 'unlocked') {
        const { repositoryId } = await this.#core.engine.call('open', {
          repository: addressOf(this.#core, destination),
        });
        if (destination.repositoryId === null) await this.#write(destination.id, { repositoryId });
        await this.#refuseTwin({ ...destination, repositoryId });
        await this.lookForGone(destination, 'now and then');
      }
      const { freeBytes, totalBytes } = found;
      const state = destination.damage ? ('damaged' as const) : ('ready' as const);
      this.#settle(destination, {
        state,
        problem: destination.damage,
        freeBytes,
        totalBytes,
        readyAt: this.#core.ports.clock.now(),
        nextLookAt: this.#next(destination, 'ready'),
      });
      await this.#noteSeen(destination);
    } catch (error) {
      if (toWire(error).code === 'cancelled') return;
      this.#settle(destination, {
        ...UNKNOWN,
        ...judge(plainError(error)),
        nextLookAt: this.#next(destination, 'away'),
      });
    }
  }

  /** @throws `app/same-place` when another one that is there now leads to the same repository at the same place */
  async #refuseTwin(destination: DestinationRecord): Promise<void> {
    for (const elder of this.#twins.elders(destination)) {
      await this.#looking.get(elder.id);
      const { state } = this.live(elder.id);
      if (state !== 'ready' && state !== 'damaged') continue;
      await this.#twins.refuse(destination, addressOf(this.#core, destination), elder);
    }
  }

  /** Whether what counts as stored there is still there. @throws `store/…` */
  async lookForGone(destination: DestinationRecord, when: 'at once' | 'now and then'): Promise<void> {
    const { id, location } = destination;
    const now = this.#core.ports.clock.now();
    const stays = this.live(id).state === 'ready' && isRemote(location);
    const wait = when === 'now and then' && stays ? REMOTE_VERSIONS_MS : 0;
    if (elapsed(now, this.#versionsAt.get(id) ?? Number.NEGATIVE_INFINITY) < wait) return;
    const folders = await noteGoneVersions(this.#core, destination);
    this.#versionsAt.set(id, now);
    for (const folderId of folders) for (const listener of this.#lost) listener(folderId, id);
  }

  /** To some minutes only: a file that is written at every look would keep a disk awake. */
  async #noteSeen({ id, lastSeenAt }: DestinationRecord): Promise<void> {
    if (lastSeenAt !== null && elapsed(this.#core.ports.clock.now(), Date.parse(lastSeenAt)) < SEEN_PRECISION_MS)
      return;
    await this.#write(id, { lastSeenAt: isoNow(this.#core) });
  }

  async #write(
    id: DestinationId,
    change: Pick<Partial<DestinationRecord>, 'repositoryId' | 'lastSeenAt'>,
  ): Promise<void> {
    const written = this.#core.configuration.update((all) => ({
      ...all,
      destinations: all.destinations.map((one) => (one.id === id ? { ...one, ...change } : one)),
    }));
    // That says nothing of the destination.
    await written.catch((error: unknown) => this.#core.log.error({ err: error }, 'a look could not be written down'));
  }

  #settle(given: DestinationRecord, found: LiveState, since = this.#core.ports.clock.now()): void {
    const destination = this.#core.configuration.value.destinations.find(({ id }) => id === given.id);
    if (!destination) return;
    const before = this.live(destination.id);
    const { unwritable, hasRoom } = afterLook(before, found);
    const now = { ...found, readyAt: found.readyAt ?? before.readyAt, ...(unwritable ? { unwritable } : {}) };
    this.#live.set(destination.id, now);
    if (now.state === 'away') this.#twins.forget(destination.id);
    if (before.state !== now.state) this.#lookAtTwins(destination);
    // What can be read and not written to goes on missing what others get.
    if (now.state === 'ready' && !unwritable) noteReturn(this.#core, destination);
    if (now.state !== 'ready') {
      const seen = now.readyAt ?? Date.parse(destination.lastSeenAt ?? destination.addedAt);
      noteAbsence(this.#core, destination, Math.min(seen, since));
    }
    if (before.state !== now.state || before.freeBytes !== now.freeBytes) {
      this.#core.changed('destinations');
      this.#core.changed('folders');
    }
    if (before.state === 'unknown' && now.state === 'ready')
      for (const listener of this.#firstSeen) listener(destination.id);
    const wasGone = (before.state === 'away' || before.state === 'blocked') && before.unwritable === undefined;
    if ((wasGone || hasRoom) && now.state === 'ready') for (const listener of this.#returned) listener(destination.id);
  }

  /** Whether another way to its place counts depends on whether it is there. */
  #lookAtTwins({ id, repositoryId }: DestinationRecord): void {
    for (const one of this.#core.configuration.value.destinations) {
      if (one.id === id || one.repositoryId === null || one.repositoryId !== repositoryId) continue;
      const live = this.#live.get(one.id);
      if (live) this.#live.set(one.id, { ...live, nextLookAt: 0 });
    }
  }

  #next(destination: DestinationRecord, state: 'ready' | 'away'): number {
    const remote = isRemote(destination.location);
    const period = remote ? (state === 'away' ? PERIOD.remoteAwayMs : PERIOD.remoteMs) : PERIOD.localMs;
    return this.#core.ports.clock.now() + period;
  }
}

/** Codes with which a run says that it could not write: it is tried again after a pause, not whenever the place can be read. */
const WRITING = new Set(['store/full', 'store/read-only', 'store/denied']);

/** What is known of writing there once it was looked at, and whether room was made meanwhile. */
function afterLook(
  { unwritable }: LiveState,
  found: LiveState,
): { readonly unwritable?: LiveState['unwritable']; readonly hasRoom: boolean } {
  if (found.unwritable) return { unwritable: found.unwritable, hasRoom: false };
  if (!unwritable) return { hasRoom: false };
  // It was away in between: another disk may be there, or this one was mended.
  if (found.state !== 'ready') return { hasRoom: false };
  const { code, room } = unwritable;
  if (code === 'store/full' && room !== null && found.freeBytes !== null && found.freeBytes > room)
    return { hasRoom: true };
  return { unwritable: { code, room: room ?? found.freeBytes }, hasRoom: false };
}

function isBlocking(code: string): boolean {
  return [
    'store/denied',
    'store/read-only',
    'store/full',
    'repo/wrong-passphrase',
    'repo/other-repository',
    'app/same-place',
    'repo/unsupported',
    'rclone/not-installed',
    'rclone/remote-unknown',
    'rclone/remote-invalid',
    'rclone/host-untrusted',
  ].includes(code);
}

function judge(error: ContractError): { readonly state: LiveState['state']; readonly problem: ContractError } {
  if (error.code === 'repo/damaged' || error.code === 'store/corrupt') return { state: 'damaged', problem: error };
  return { state: isBlocking(error.code) ? 'blocked' : 'away', problem: error };
}
