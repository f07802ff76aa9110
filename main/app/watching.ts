import { setTimeout as delay } from 'node:timers/promises';
import { identityOf } from '../watch/root-identity.ts';
import type { FromWatchProcess, ToWatchProcess } from '../watch/watch-messages.ts';
import type { Core } from './core.ts';
import { isAtOrBelow } from './folder-paths.ts';
import type { Folders, WatchView } from './folders.ts';
import { namedPlaces, ownPlaces } from './own-places.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { ProcessLink } from './ports.ts';
import type { FolderRecord } from './records.ts';

type State = Omit<WatchView, 'changesWaiting'>;

const STARTING: State = { state: 'starting', reason: null };
/** A watching process that ended is started again, but not in a circle. */
const RESTART_MS = 30_000;
const LOOK_MS = 2000;

/** Joins the watching process to what waits to be stored. What it says is a hint; trouble means that everything may have changed. */
export class Watching {
  readonly #core: Core;
  readonly #pending: PendingChanges;
  readonly #states = new Map<string, State>();
  readonly #missingSince = new Map<string, number>();
  #folders: Folders | undefined;
  /** What is left alone, as the process was told last. */
  #ignored: Promise<readonly string[]> = Promise.resolve([]);
  #named = '';
  #link: ProcessLink | undefined;
  #restart: NodeJS.Timeout | undefined;
  readonly #returned = new Set<(folder: FolderRecord) => void>();
  #closed = false;

  constructor(core: Core, pending: PendingChanges) {
    this.#core = core;
    this.#pending = pending;
  }

  /** Calls the listener when a folder that was missing is there again. */
  onReturned(listener: (folder: FolderRecord) => void): void {
    this.#returned.add(listener);
  }

  /** For an app that lives for one command: whether the folders are there. */
  async look(folders: Folders): Promise<void> {
    const late = new AbortController();
    // A mount of a server that is away may never say.
    const given = delay(LOOK_MS, undefined, { signal: late.signal }).catch(() => undefined);
    const looked = folders.records().map(async ({ id, path }) => {
      const found = await identityOf(path);
      if (found === 'unknown' || found.identity !== null) return;
      this.#states.set(id, { state: 'missing', reason: found.reason });
      this.#missingSince.set(id, this.#core.ports.clock.now());
    });
    await Promise.race([Promise.all(looked), given]);
    late.abort();
  }

  /** Starts in the background; the first backup does not wait for it. */
  start(folders: Folders): void {
    this.#folders = folders;
    this.#lookAtPlaces();
    this.#core.events.subscribe((event) => {
      if (event === 'destinations.changed') void this.#watchBeside();
    });
    folders.onChange(({ kind, folder }) => {
      if (kind === 'added') void this.#watch(folder);
      if (kind === 'removed') {
        this.#post({ kind: 'unwatch', root: folder.path });
        this.#states.delete(folder.id);
        this.#missingSince.delete(folder.id);
      }
    });
    this.#open();
  }

  state(folderId: string): State {
    const { paused, pauseOnBattery } = this.#core.configuration.value.settings;
    const known = this.#states.get(folderId) ?? STARTING;
    // A pause does not bring it back.
    if (known.state === 'missing') return known;
    if (paused) return { state: 'paused', reason: 'Backups are paused.' };
    if (pauseOnBattery && this.#core.ports.power.source() === 'battery')
      return { state: 'paused', reason: 'Backups wait until this computer is plugged in.' };
    return known;
  }

  /** Since when the folder has been missing, in milliseconds; null while it is there. */
  missingSince(folderId: string): number | null {
    return this.#missingSince.get(folderId) ?? null;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    this.#post({ kind: 'stop' });
    await this.#link?.stop();
  }

  #open(): void {
    const link = this.#core.ports.startProcess(new URL('../watch/watch-process.ts', import.meta.url), 'watch');
    this.#link = link;
    link.onMessage((message) => this.#receive(message as FromWatchProcess));
    link.onExit(() => this.#ended(link));
    for (const folder of this.#folders?.records() ?? []) void this.#watch(folder);
  }

  async #watch(folder: FolderRecord): Promise<void> {
    this.#states.set(folder.id, STARTING);
    const link = this.#link;
    const ignoredPaths = await this.#ignored;
    // It may have been removed, or the process have ended, meanwhile.
    if (this.#link !== link || !this.#folders?.records().some(({ id }) => id === folder.id)) return;
    this.#post({ kind: 'watch', root: folder.path, ignoredPaths });
  }

  /** @returns whether there are others than before, as the person named them */
  #lookAtPlaces(): boolean {
    const named = JSON.stringify(namedPlaces(this.#core));
    if (named === this.#named) return false;
    this.#named = named;
    this.#ignored = ownPlaces(this.#core);
    return true;
  }

  /** A place for copies has come into a watched folder, or gone: watching it would start one run after another. */
  async #watchBeside(): Promise<void> {
    const before = await this.#ignored;
    if (!this.#lookAtPlaces()) return;
    const now = await this.#ignored;
    const changed = [...before.filter((path) => !now.includes(path)), ...now.filter((path) => !before.includes(path))];
    for (const folder of this.#folders?.records() ?? []) {
      if (!changed.some((path) => isAtOrBelow(path, folder.path))) continue;
      this.#post({ kind: 'unwatch', root: folder.path });
      await this.#watch(folder);
      this.#add(folder, 'everything');
    }
  }

  #post(message: ToWatchProcess): void {
    this.#link?.post(message);
  }

  #receive(message: FromWatchProcess): void {
    const folder = this.#folders?.records().find(({ path }) => path === message.root);
    if (!folder) return;
    switch (message.kind) {
      case 'ready':
        this.#set(folder, { state: 'watching', reason: null });
        this.#scanAgain(folder);
        break;
      case 'dirty':
        this.#add(folder, new Set(message.directories));
        break;
      case 'everything':
        this.#add(folder, 'everything');
        break;
      case 'unwatched':
        this.#set(folder, { state: 'scheduled', reason: message.reason });
        break;
      case 'missing':
        this.#set(folder, { state: 'missing', reason: message.reason });
        break;
    }
  }

  #add(folder: FolderRecord, changed: ReadonlySet<string> | 'everything'): void {
    const now = this.#core.ports.clock.now();
    for (const id of folder.destinationIds) this.#pending.add(folder.id, id, changed, 'change', now);
    this.#core.changed('folders');
  }

  /** What changed while the watches were being set up is found by a scan that begins now; one that waits will do. */
  #scanAgain(folder: FolderRecord): void {
    const now = this.#core.ports.clock.now();
    for (const id of folder.destinationIds)
      if (this.#pending.get(folder.id, id)?.directories !== 'everything')
        this.#pending.add(folder.id, id, 'everything', 'change', now);
    this.#core.changed('folders');
  }

  #set(folder: FolderRecord, state: State): void {
    const before = this.#states.get(folder.id);
    this.#states.set(folder.id, state);
    if (state.state !== 'missing') this.#missingSince.delete(folder.id);
    else if (before?.state !== 'missing') this.#missingSince.set(folder.id, this.#core.ports.clock.now());
    if (before?.state === 'missing' && state.state !== 'missing')
      for (const listener of this.#returned) listener(folder);
    this.#core.changed('folders');
  }

  #ended(link: ProcessLink): void {
    if (this.#closed || this.#link !== link) return;
    this.#link = undefined;
    for (const folder of this.#folders?.records() ?? []) {
      this.#set(folder, {
        state: 'scheduled',
        reason: 'Watching stopped and starts again soon; until then the folder is scanned on the clock.',
      });
      this.#add(folder, 'everything');
    }
    this.#restart = setTimeout(() => this.#open(), RESTART_MS);
    this.#restart.unref();
  }
}
