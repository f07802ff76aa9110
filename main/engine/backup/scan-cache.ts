import type { Nanoseconds } from '../clock.ts';
import { IV_BYTES } from '../format/crypto.ts';
import type { DestinationWriter } from './destination-writer.ts';
import { DirectoryCache } from './directory-cache.ts';
import type { BackupRequest } from './request.ts';
import {
  type CachedDestination,
  type CacheScope,
  openDirectoryCache,
  scanDigest,
  sealDirectoryCache,
} from './sealed-directory-cache.ts';
import type { SelectionRules } from './selection.ts';

/** What the last full scan left for this one, as far as it holds, and what this one leaves for the next. */
export class ScanCache {
  /** Null where nothing of the last scan may be relied on. */
  readonly known: DirectoryCache | null;
  readonly seen = new DirectoryCache();
  readonly #writers: readonly DestinationWriter[];
  readonly #scope: Omit<CacheScope, 'destinations'>;
  readonly #readAt: Nanoseconds;

  /** @param writers that have looked for lost packs */
  constructor(
    request: BackupRequest,
    writers: readonly DestinationWriter[],
    { rules, ...scope }: Omit<CacheScope, 'destinations' | 'scan'> & { readonly rules: SelectionRules },
  ) {
    this.#writers = writers;
    this.#scope = { scan: scanDigest(request, rules), ...scope };
    const opened = this.#isWhole && request.directoryCache ? this.#open(request.directoryCache) : null;
    this.known = opened?.cache ?? null;
    this.#readAt = opened?.readAt ?? scope.now;
  }

  /** After the snapshots are stored. Undefined where something is damaged, so that the next scan reads everything. */
  leave(): Uint8Array | undefined {
    if (!this.#isWhole) return undefined;
    const { key, host } = this.#first.repository;
    const left = { cache: this.seen, readAt: this.#readAt };
    return sealDirectoryCache(left, { ...this.#scope, destinations: this.#destinations }, key, host.random(IV_BYTES));
  }

  #open(sealed: Uint8Array): ReturnType<typeof openDirectoryCache> {
    return openDirectoryCache(sealed, { ...this.#scope, destinations: this.#destinations }, this.#first.repository.key);
  }

  get #first(): DestinationWriter {
    return this.#writers[0] as DestinationWriter;
  }

  get #isWhole(): boolean {
    return this.#writers.every(({ damagedParts }) => damagedParts === 0);
  }

  get #destinations(): readonly CachedDestination[] {
    return this.#writers
      .filter(({ failure }) => !failure)
      .map((writer) => ({ repositoryId: writer.repository.config.id, indexIds: writer.currentIndex().indexIds }));
  }
}
