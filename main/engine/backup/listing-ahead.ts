import { Worker } from 'node:worker_threads';
import { workerEntry } from '../workers/worker-entry.ts';
import { WORKER_LIMITS } from '../workers/worker-limits.ts';
import type { BytePath } from './byte-path.ts';
import type { Listing } from './listing.ts';
import {
  type FromLister,
  giveBackMessage,
  type ListedDirectory,
  type ListingMessage,
  type ListingRoot,
  type ListingWorkerData,
  splitListings,
} from './listing-messages.ts';
import type { ScanRequest } from './request.ts';
import { type SelectionRules, selectionRules } from './selection.ts';
import { resolveTargets, type Target } from './targets.ts';

/** Entries that each thread lists before the walk needs them: a dozen megabytes, and half a second of its time. */
const ENTRIES_AHEAD = 128 * 1024;

/**
 * Begins to list what a full scan will look at. For a caller who has still to wait for the repository: close it, unless a
 * run was given it.
 * @param locations of the stores that the run will write to
 * @throws as `backup` does for its paths and rules
 */
export function listAhead(request: ScanRequest, locations: readonly string[]): ListingAhead {
  return new ListingAhead(
    resolveTargets(request.paths, request.workingDirectory).top,
    selectionRules(request, locations),
  );
}

/**
 * Listings that threads make ahead of the walk, in its order: one, and another for the rest of a large tree. What they do not
 * have, the walk makes itself.
 */
export class ListingAhead {
  readonly #rules: SelectionRules;
  readonly #listers: Lister[] = [];
  readonly #arrived: Arrived[] = [];
  /** What the second thread has listed while the first, whose part comes before, is not through. */
  readonly #later: Arrived[] = [];
  /** What the walk has had, up to the directory at hand. */
  readonly #had: ListingMessage[] = [];
  #isClosed = false;
  #wake: () => void = () => undefined;

  /** Starts at once. @param top what is to be backed up, as `Targets.top` */
  constructor(top: ReadonlyMap<BytePath, Target>, rules: SelectionRules) {
    this.#rules = rules;
    this.#start(rootsIn(top), 'with another');
  }

  /** The walk is done with the listings that it took: gives their memory back. */
  release(): void {
    for (const message of this.#had.splice(0)) giveBackMessage(message);
  }

  /** The directory's listing, which stands until `release` or the next call; null when the walk has to make it. */
  async take(path: BytePath): Promise<Listing | null> {
    this.release();
    while (this.#arrived.length === 0 && this.#listers.some(({ isOver }) => !isOver)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const next = this.#nextOf(path);
    return next?.listing ?? null;
  }

  close(): void {
    this.#isClosed = true;
    for (const lister of this.#listers) {
      lister.isOver = true;
      lister.worker.terminate().catch(() => undefined);
    }
    this.#wake();
  }

  #start(roots: readonly ListingRoot[], share: ListingWorkerData['share']): void {
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ListingWorkerData = { roots, rules: this.#rules, taken, entriesAhead: ENTRIES_AHEAD, share };
    const worker = new Worker(workerEntry('listing-worker', import.meta.url), {
      workerData,
      resourceLimits: WORKER_LIMITS,
    });
    const lister: Lister = { worker, taken, isOver: false };
    this.#listers.push(lister);
    worker.on('message', (message: FromLister) => this.#receive(lister, message));
    // Without it the walk goes on alone, and meets whatever there is to meet.
    worker.on('error', () => this.#end(lister));
    worker.on('exit', () => this.#end(lister));
  }

  #receive(lister: Lister, message: FromLister): void {
    if (message.kind === 'over') this.#end(lister);
    else if (message.kind === 'share') {
      if (!this.#isClosed) this.#start(message.roots, 'alone');
    } else {
      const [first] = this.#listers;
      const isNext = lister === first || first?.isOver;
      (isNext ? this.#arrived : this.#later).push(...arrivedIn(message.message, lister.taken));
      this.#wake();
    }
  }

  #end(lister: Lister): void {
    lister.isOver = true;
    if (lister === this.#listers[0]) this.#arrived.push(...this.#later.splice(0));
    this.#wake();
  }

  /** Directories before it are those that the walk has passed over. */
  #nextOf(path: BytePath): ListedDirectory | undefined {
    const position = this.#arrived.findIndex((directory) => directory.path === path);
    if (position === -1) {
      // The disk is another one than a moment ago; looking for each directory in vain would cost more than listing it.
      this.#arrived.length = 0;
      this.#later.length = 0;
      this.close();
      return undefined;
    }
    const passed = this.#arrived.splice(0, position + 1);
    for (const { listing, lastOf, taken } of passed) {
      if (lastOf) this.#had.push(lastOf);
      Atomics.add(taken, 0, 1 + (listing?.count ?? 0));
      Atomics.notify(taken, 0);
    }
    return passed.at(-1);
  }
}

interface Lister {
  readonly worker: Worker;
  /** See `ListingWorkerData`. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  isOver: boolean;
}

interface Arrived extends ListedDirectory {
  /** The message that ends with this directory. */
  readonly lastOf: ListingMessage | null;
  /** Of the thread that listed it. */
  readonly taken: Int32Array<SharedArrayBuffer>;
}

function arrivedIn(message: ListingMessage, taken: Int32Array<SharedArrayBuffer>): readonly Arrived[] {
  const directories = [...splitListings(message)];
  const last = directories.length - 1;
  return directories.map((directory, n) => ({ ...directory, lastOf: n === last ? message : null, taken }));
}

/** In the order in which the walk comes to them. */
function rootsIn(top: ReadonlyMap<BytePath, Target>): ListingRoot[] {
  const named = [...top].map(([name, target]) => ({ name, target }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  return named.flatMap(({ target }) =>
    target.kind === 'whole' ? [{ path: target.path, folder: null }] : rootsIn(target.children),
  );
}
