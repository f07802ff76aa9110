/** What waits to be stored: for each folder at each destination the directories that changed, or everything. Pure state. */

export interface Pending {
  readonly directories: ReadonlySet<string> | 'everything';
  /** When the first and the last of them were seen, in milliseconds. */
  readonly since: number;
  readonly last: number;
  readonly cause: 'change' | 'schedule' | 'reconnected' | 'start' | 'person';
}

/** More directories than this are not worth telling apart: a full scan is as quick. */
const MOST_DIRECTORIES = 10_000;

export class PendingChanges {
  readonly #pending = new Map<string, Pending>();

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

  /** Hands over what waits; a run that fails gives it back with `giveBack`. */
  take(folderId: string, destinationId: string): Pending | undefined {
    const id = key(folderId, destinationId);
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  giveBack(folderId: string, destinationId: string, pending: Pending): void {
    this.#merge(key(folderId, destinationId), pending);
  }

  drop(id: string): void {
    for (const name of [...this.#pending.keys()]) if (name.split('|').includes(id)) this.#pending.delete(name);
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
