import { pauseAfter } from './due.ts';

/** What waits to be stored: for each folder at each destination the directories that changed, or everything. Pure state. */

export interface Pending {
  readonly directories: ReadonlySet<string> | 'everything';
  /** When the first and the last of them were seen, in milliseconds. */
  readonly since: number;
  readonly last: number;
  readonly cause: 'change' | 'schedule' | 'reconnected' | 'start' | 'person';
}

/** Where something could not be read. It goes with the next run, whatever that is for, and makes no copy late. */
export interface LookAgain {
  readonly directories: ReadonlySet<string>;
  /** How often it was waited for. */
  readonly tries: number;
  /** When a run is due for this alone, in milliseconds; null once that was tried often enough. */
  readonly at: number | null;
}

/** Runs for what could not be read alone, in a row: an hour in all. What is never readable must not make versions for ever. */
const MOST_TRIES = 6;

/** More directories than this are not worth telling apart: a full scan is as quick. */
const MOST_DIRECTORIES = 10_000;

export class PendingChanges {
  readonly #pending = new Map<string, Pending>();
  readonly #again = new Map<string, LookAgain>();
  /** When the oldest change was seen that a run has taken and not stored yet. */
  readonly #underWay = new Map<string, number>();

  get(folderId: string, destinationId: string): Pending | undefined {
    return this.#pending.get(key(folderId, destinationId));
  }

  add(
    folderId: string,
    destinationId: string,
    changed: ReadonlySet<string> | 'everything',
    cause: Pending['cause'],
    now: number,
  ): void {
    this.#merge(key(folderId, destinationId), { directories: changed, since: now, last: now, cause });
  }

  /** Hands over what waits, with what is to be looked at again; a run that fails gives it back with `giveBack`. */
  take(folderId: string, destinationId: string): Pending | undefined {
    const id = key(folderId, destinationId);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    // Of a scan by the clock nothing says that there is anything to store.
    if (pending && pending.cause !== 'schedule') this.#underWay.set(id, pending.since);
    const again = this.#again.get(id);
    if (!pending || !again) return pending;
    return { ...pending, directories: bounded(union(pending.directories, again.directories)) };
  }

  again(folderId: string, destinationId: string): LookAgain | undefined {
    return this.#again.get(key(folderId, destinationId));
  }

  /**
   * After a run that looked at all that was to be looked at again: where something still could not be read. `known`: an earlier
   * start knew as much, and had its tries; no run is due for that alone, as each leaves a version.
   */
  lookAgain(
    folderId: string,
    destinationId: string,
    directories: ReadonlySet<string>,
    now: number,
    news: 'new' | 'known' = 'new',
  ): void {
    const id = key(folderId, destinationId);
    const before = this.#again.get(id);
    if (directories.size === 0) this.#again.delete(id);
    else if (!before && news === 'known') this.#again.set(id, { directories, tries: MOST_TRIES, at: null });
    else if (!before || !directories.isSubsetOf(before.directories))
      this.#again.set(id, { directories, tries: 1, at: now + pauseAfter(1) });
    // A run for something else came first.
    else if (before.at === null || now < before.at) this.#again.set(id, { ...before, directories });
    else {
      const tries = before.tries + 1;
      this.#again.set(id, { directories, tries, at: tries > MOST_TRIES ? null : now + pauseAfter(tries) });
    }
  }

  /** When the oldest change was seen that is not stored there, also while a run is storing it; null when there is none. */
  unstoredSince(folderId: string, destinationId: string): number | null {
    const id = key(folderId, destinationId);
    const times = [this.#pending.get(id)?.since, this.#underWay.get(id)].filter((time) => time !== undefined);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The run has ended: what it took is stored, or given back. */
  settled(folderId: string, destinationId: string): void {
    this.#underWay.delete(key(folderId, destinationId));
  }

  giveBack(folderId: string, destinationId: string, pending: Pending): void {
    this.#merge(key(folderId, destinationId), pending);
  }

  drop(id: string): void {
    for (const waiting of [this.#pending, this.#again, this.#underWay]) {
      for (const name of [...waiting.keys()]) if (name.split('|').includes(id)) waiting.delete(name);
    }
  }

  #merge(id: string, more: Pending): void {
    const before = this.#pending.get(id);
    if (!before) {
      this.#pending.set(id, { ...more, directories: bounded(more.directories) });
      return;
    }
    const everything = before.directories === 'everything' || more.directories === 'everything';
    this.#pending.set(id, {
      directories: everything ? 'everything' : bounded(union(before.directories, more.directories)),
      since: Math.min(before.since, more.since),
      last: Math.max(before.last, more.last),
      cause: rank(more.cause) > rank(before.cause) ? more.cause : before.cause,
    });
  }
}

/** How many places of a folder wait, for the screen: whole folders count as one. */
export function countPending(pending: Pending | undefined): number {
  if (!pending) return 0;
  return pending.directories === 'everything' ? 1 : pending.directories.size;
}

function union(
  a: ReadonlySet<string> | 'everything',
  b: ReadonlySet<string> | 'everything',
): ReadonlySet<string> | 'everything' {
  return a === 'everything' || b === 'everything' ? 'everything' : new Set([...a, ...b]);
}

function bounded(directories: ReadonlySet<string> | 'everything'): ReadonlySet<string> | 'everything' {
  return directories !== 'everything' && directories.size > MOST_DIRECTORIES ? 'everything' : directories;
}

/** The most urgent cause names the run. */
function rank(cause: Pending['cause']): number {
  return ['schedule', 'change', 'start', 'reconnected', 'person'].indexOf(cause);
}

function key(folderId: string, destinationId: string): string {
  return `${folderId}|${destinationId}`;
}
