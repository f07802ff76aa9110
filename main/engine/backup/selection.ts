import { type BigIntStats, closeSync, openSync, readSync, statSync } from 'node:fs';
import { type BytePath, forSystem, joinBytePath, textOf } from './byte-path.ts';
import { compileExcludes, type Excluder } from './exclude.ts';
import type { BackupRequest } from './request.ts';

/** First bytes of a valid cache directory tag (bford.info/cachedir). */
const CACHE_TAG = 'CACHEDIR.TAG';
const CACHE_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** What a run takes in and what it leaves out by the person's rules. */
export class Selection {
  readonly #excluder: Excluder;
  readonly #largest: bigint | null;
  readonly #markers: ReadonlySet<string>;
  readonly #honoursCacheTags: boolean;
  readonly #ownPlaces: ReadonlySet<string>;

  constructor(request: BackupRequest) {
    this.#excluder = compileExcludes(request.excludes ?? []);
    this.#largest = request.excludeLargerThan === undefined ? null : BigInt(request.excludeLargerThan);
    this.#markers = new Set(request.excludeMarkers ?? []);
    this.#honoursCacheTags = request.excludeCaches === 'yes';
    this.#ownPlaces = new Set(request.destinations.flatMap(({ repository }) => placeOf(repository.store.location)));
  }

  excludes(path: string): boolean {
    return this.#excluder(path);
  }

  isTooLarge(size: bigint): boolean {
    return this.#largest !== null && size > this.#largest;
  }

  /** True for the directory of a destination of this run: a backup never backs up itself. */
  isOwnPlace(stat: BigIntStats): boolean {
    return this.#ownPlaces.has(`${stat.dev}:${stat.ino}`);
  }

  /** All names, or only the marker where the directory says that it is not to be backed up. */
  keptNames(names: BytePath[], access: BytePath): BytePath[] {
    if (this.#markers.size === 0 && !this.#honoursCacheTags) return names;
    const marker = names.find((name) => {
      const text = textOf(name);
      return (
        this.#markers.has(text) ||
        (this.#honoursCacheTags && text === CACHE_TAG && isCacheTag(joinBytePath(access, name)))
      );
    });
    return marker ? [marker] : names;
  }
}

function placeOf(location: string): readonly string[] {
  if (!location.startsWith('/')) return [];
  try {
    const stat = statSync(location, { bigint: true });
    return [`${stat.dev}:${stat.ino}`];
  } catch {
    return [];
  }
}

function isCacheTag(path: BytePath): boolean {
  try {
    const descriptor = openSync(forSystem(path), 'r');
    try {
      const start = Buffer.alloc(CACHE_SIGNATURE.length);
      readSync(descriptor, start, 0, start.length, 0);
      return start.toString('latin1') === CACHE_SIGNATURE;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}
