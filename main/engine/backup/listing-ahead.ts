import { Worker } from 'node:worker_threads';
import { workerEntry } from '../workers/worker-entry.ts';
import { WORKER_LIMITS } from '../workers/worker-limits.ts';
import { type BytePath, bytePathOf } from './byte-path.ts';
import type { Listing } from './listing.ts';
import {
  giveBackMessage,
  type ListedDirectory,
  type ListingMessage,
  type ListingWorkerData,
  splitListings,
} from './listing-messages.ts';
import type { ScanRequest } from './request.ts';
import { type SelectionRules, selectionRules } from './selection.ts';
import { resolveTargets, type Target } from './targets.ts';

/** Entries that are listed before the walk needs them: some megabytes, and half a second of the worker's time. */
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

/** Listings that a thread makes ahead of the walk, in its order. What it does not have, the walk makes itself. */
export class ListingAhead {
  readonly #worker: Worker;
  readonly #taken = new Int32Array(new SharedArrayBuffer(4));
  readonly #arrived: Arrived[] = [];
  /** What the walk has had: their memory is given back when it asks for more, as it is done with what it had then. */
  readonly #had: ListingMessage[] = [];
  #state: 'lists' | 'over' = 'lists';
  #wake: () => void = () => undefined;

  /** Starts at once. @param top what is to be backed up, as `Targets.top` */
  constructor(top: ReadonlyMap<string, Target>, rules: SelectionRules) {
    const workerData: ListingWorkerData = {
      roots: rootsIn(top),
      rules,
      taken: this.#taken,
      entriesAhead: ENTRIES_AHEAD,
    };
    this.#worker = new Worker(workerEntry('listing-worker', import.meta.url), {
      workerData,
      resourceLimits: WORKER_LIMITS,
    });
    this.#worker.on('message', (message: ListingMessage | null) => {
      if (message) this.#arrived.push(...arrivedIn(message));
      else this.#state = 'over';
      this.#wake();
    });
    // Without it the walk goes on alone, and meets whatever there is to meet.
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  /** The directory's listing, which stands until the next call; null when the walk has to make it. */
  async take(path: BytePath): Promise<Listing | null> {
    for (const message of this.#had.splice(0)) giveBackMessage(message);
    while (this.#arrived.length === 0 && this.#state === 'lists') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const next = this.#nextOf(path);
    return next?.listing ?? null;
  }

  close(): void {
    this.#end();
    this.#worker.terminate().catch(() => undefined);
  }

  /** Directories before it are those that the walk has passed over. */
  #nextOf(path: BytePath): ListedDirectory | undefined {
    const position = this.#arrived.findIndex((directory) => directory.path === path);
    if (position === -1) {
      // The disk is another one than a moment ago; looking for each directory in vain would cost more than listing it.
      this.#arrived.length = 0;
      this.close();
      return undefined;
    }
    const passed = this.#arrived.splice(0, position + 1);
    for (const { lastOf } of passed) if (lastOf) this.#had.push(lastOf);
    const entries = passed.reduce((sum, { listing }) => sum + 1 + (listing?.count ?? 0), 0);
    Atomics.add(this.#taken, 0, entries);
    Atomics.notify(this.#taken, 0);
    return passed.at(-1);
  }

  #end(): void {
    this.#state = 'over';
    this.#wake();
  }
}

interface Arrived extends ListedDirectory {
  /** The message that ends with this directory. */
  readonly lastOf: ListingMessage | null;
}

function arrivedIn(message: ListingMessage): readonly Arrived[] {
  const directories = [...splitListings(message)];
  return directories.map((directory, n) => ({ ...directory, lastOf: n === directories.length - 1 ? message : null }));
}

/** In the order in which the walk comes to them. */
function rootsIn(top: ReadonlyMap<string, Target>): BytePath[] {
  const named = [...top].map(([name, target]) => ({ name: bytePathOf(name), target }));
  named.sort((a, b) => (a.name < b.name ? -1 : 1));
  return named.flatMap(({ target }) =>
    target.kind === 'whole' ? [bytePathOf(target.path)] : rootsIn(target.children),
  );
}
