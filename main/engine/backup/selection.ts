import { closeSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BytePath, bytePathOf, forSystem, joinBytePath, textOf } from './byte-path.ts';
import { compileExcludes, type Excluder } from './exclude.ts';
import type { BackupRequest } from './request.ts';

/** First bytes of a valid cache directory tag (bford.info/cachedir). */
const CACHE_TAG = 'CACHEDIR.TAG';
const CACHE_SIGNATURE = 'Signature: 8a477f597d28d172789f06886806bc55';

/** The person's rules as data, for any thread. */
export interface SelectionRules {
  readonly excludes: readonly string[];
  /** In bytes. */
  readonly largest: number | null;
  readonly markers: readonly string[];
  readonly cacheTags: 'honoured' | 'ignored';
  /** `device:inode` of the destinations' directories. */
  readonly ownPlaces: readonly string[];
}

/** @param locations of the stores that the run writes to */
export function selectionRules(
  request: Pick<BackupRequest, 'excludes' | 'excludeLargerThan' | 'excludeMarkers' | 'excludeCaches'>,
  locations: readonly string[],
): SelectionRules {
  return {
    excludes: request.excludes ?? [],
    largest: request.excludeLargerThan ?? null,
    markers: request.excludeMarkers ?? [],
    cacheTags: request.excludeCaches === 'yes' ? 'honoured' : 'ignored',
    ownPlaces: locations.flatMap(placeOf),
  };
}

/** The file with which a folder itself says that it is not to be backed up; null when there is none. */
export function markerIn(
  folder: string,
  { excludeMarkers = [], excludeCaches }: Pick<BackupRequest, 'excludeMarkers' | 'excludeCaches'>,
): string | null {
  const marker = excludeMarkers.find((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }));
  if (marker !== undefined) return marker;
  return excludeCaches === 'yes' && isCacheTag(bytePathOf(join(folder, CACHE_TAG))) ? CACHE_TAG : null;
}

/** What a run takes in and what it leaves out by the person's rules. */
export class Selection {
  /** False when `excludes` is never true. */
  readonly hasPatterns: boolean;
  readonly #excluder: Excluder;
  readonly #largest: number;
  readonly #markers: ReadonlySet<string>;
  readonly #honoursCacheTags: boolean;
  readonly #ownPlaces: ReadonlySet<string>;

  constructor(rules: SelectionRules) {
    this.hasPatterns = rules.excludes.length > 0;
    this.#excluder = compileExcludes(rules.excludes);
    this.#largest = rules.largest ?? Number.POSITIVE_INFINITY;
    this.#markers = new Set(rules.markers);
    this.#honoursCacheTags = rules.cacheTags === 'honoured';
    this.#ownPlaces = new Set(rules.ownPlaces);
  }

  excludes(path: string): boolean {
    return this.#excluder(path);
  }

  /** @param size in bytes */
  isTooLarge(size: number): boolean {
    return size > this.#largest;
  }

  /** True for the directory of a destination of this run: a backup never backs up itself. */
  isOwnPlace({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): boolean {
    return this.#ownPlaces.has(`${dev}:${ino}`);
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
