import { availableParallelism } from 'node:os';
import type { ReadStore } from '../store/store.ts';
import { BackupPool } from '../workers/backup-pool.ts';
import { type ListingAhead, listAhead } from './listing-ahead.ts';
import type { ScanRequest } from './request.ts';

const MAX_WORKERS = 4;

/** What a run to one destination can begin with while the destination's key is still being derived. */
export interface RunAhead {
  readonly listing: ListingAhead;
  readonly pool: BackupPool;
  /**
   * Whether nothing was ever stored there. Then a run may read its source without waiting for its lock: it takes nothing
   * over, so that nothing that another program removes can be missing from it. False where that is not known.
   */
  readonly untouched: Promise<boolean>;
  /** Unless a run was given it. */
  close(): void;
}

/**
 * @param expected `nothing`: most likely nothing has changed, and the thread that lists is what the run will wait for
 * @throws as `backup` does for its paths and rules
 */
export function beginRun(
  request: ScanRequest,
  store: ReadStore,
  { signal, expected = 'changes' }: { readonly signal?: AbortSignal; readonly expected?: 'changes' | 'nothing' } = {},
): RunAhead {
  const listing = listAhead(request, [store.location]);
  const pool = new BackupPool(mostWorkers(), expected === 'changes' ? 'now' : 'with-the-run');
  const closed = new AbortController();
  return {
    listing,
    pool,
    untouched: isUntouched(store, signal ? AbortSignal.any([signal, closed.signal]) : closed.signal),
    close() {
      closed.abort();
      listing.close();
      pool.close().catch(() => undefined);
    },
  };
}

export function startPool(workers = mostWorkers()): BackupPool {
  return new BackupPool(workers, 'now');
}

function mostWorkers(): number {
  return Math.min(MAX_WORKERS, availableParallelism());
}

/** On a disk this is not worth asking: the lock is there at once. */
async function isUntouched(store: ReadStore, signal: AbortSignal): Promise<boolean> {
  if (!store.capabilities.remote) return false;
  const listings = await Promise.allSettled([store.list('index', signal), store.list('snapshots', signal)]);
  if (!listings.every((listing) => listing.status === 'fulfilled' && listing.value.length === 0)) return false;
  // Both lists may be empty because the place does not show what it has.
  return store.list('data', signal).then(
    (packs) => packs.length === 0,
    () => false,
  );
}
