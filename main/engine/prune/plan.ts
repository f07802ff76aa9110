import { TriplicateError } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import { packFileSize } from '../format/pack.ts';
import type { PackId } from '../ids.ts';
import { MOST_BLOBS } from '../repository/pack-builder.ts';
import type { StoredFile } from '../store/store.ts';
import { BlobSet } from '../walk/blob-set.ts';

export interface PruneLimits {
  /** Share of the used bytes that may stay unused, so that little gain is not paid with much copying; restic's 0.05. */
  readonly maxUnused: number;
  /** Bytes of packs that one run may rewrite. */
  readonly maxRepackBytes: number;
  /** Packs below this size are small; ten of them are put together. */
  readonly smallPackBytes: number;
  /** Whether raw trees must be compressed (format version 2). */
  readonly rawTrees: 'keep' | 'compress';
}

export interface PrunePlan {
  /** In no index, and nothing in them is used: deleted first, for the room that they take. */
  readonly unindexed: readonly PackId[];
  /** In no index, and all that is used in them lies elsewhere as well: deleted last. */
  readonly doubled: readonly IndexedPack[];
  /** Named by an index, nothing in them is used, or all of it lies elsewhere as well: deleted last. */
  readonly remove: readonly IndexedPack[];
  readonly repack: readonly IndexedPack[];
  /** What must be copied out of the packs in `repack`. */
  readonly copy: BlobSet;
  /** What is used and goes with one of the packs above because one of `keep` holds it too, which has to be shown first. */
  readonly prove: BlobSet;
  readonly keep: readonly IndexedPack[];
  /** In the index, not in the listing, and not needed: the new index leaves them out. */
  readonly missing: readonly PackId[];
  readonly bytes: PruneBytes;
}

export interface PruneBytes {
  readonly used: number;
  readonly removed: number;
  readonly repacked: number;
  /** Unused bytes that stay after the run. */
  readonly unusedAfter: number;
  readonly unindexed: number;
}

interface PackUse {
  readonly pack: IndexedPack;
  readonly size: number;
  readonly type: 'data' | 'tree' | 'mixed';
  /** Blobs that are used and for which no earlier pack was chosen. */
  used: number;
  usedBytes: number;
  unusedBytes: number;
  /** Of the unused bytes, those that are used in an earlier pack. */
  doubledBytes: number;
}

/** `lost`: missing, or of another size than its entries make; `doubtful`: there, with something damaged in it. */
type Trust = 'good' | 'doubtful' | 'lost';

const MANY_SMALL = 10;

/**
 * Decides for every pack whether it stays, goes or is rewritten, as restic does. Pure: takes what the index and the
 * listing say. `packs` is walked several times. What `distrusted` packs hold is used elsewhere where it can be, and they go.
 * `usedUnindexed` are packs that the index does not name and that hold something that is used: only as a copy that may go.
 * @throws `repo/damaged` when a pack that is needed is missing or has another size than its entries make
 */
export function planPrune(
  packs: () => Iterable<IndexedPack>,
  listed: readonly StoredFile[],
  used: BlobSet,
  limits: PruneLimits,
  distrusted: ReadonlySet<PackId> = new Set(),
  usedUnindexed: readonly IndexedPack[] = [],
): PrunePlan {
  const sizes = new Map(listed.map(({ id, size }) => [id, size]));
  const trust = (pack: IndexedPack): Trust =>
    sizes.get(pack.id) !== sizeOf(pack) ? 'lost' : distrusted.has(pack.id) ? 'doubtful' : 'good';
  const uses = measure(packs, used, trust);
  const indexed = new Set(uses.map(({ pack }) => pack.id as string));
  const looked = new Set<string>(usedUnindexed.map(({ id }) => id));
  const unindexed = listed.filter(({ id }) => !indexed.has(id) && !looked.has(id));
  const doubled = chooseDoubled(usedUnindexed, used, limits);
  checkNeeded(uses, sizes);
  const present = uses.filter(({ pack }) => sizes.has(pack.id));
  const remove = chooseRemove(present, limits, trust);
  const repack = chooseRepack(present, limits, distrusted);
  const gone = new Set([...remove, ...repack]);
  const keep = present.filter((use) => !gone.has(use));
  const bytesOf = (list: readonly PackUse[], field: 'usedBytes' | 'unusedBytes' | 'size'): number =>
    list.reduce((sum, use) => sum + use[field], 0);
  const { copy, prove, dropped, unusedAfter } = settleCopies(remove, repack, keep, used, doubled);
  return {
    unindexed: unindexed.map(({ id }) => id as PackId),
    doubled,
    remove: remove.map(({ pack }) => pack),
    repack: repack.map(({ pack }) => pack),
    copy,
    prove,
    keep: keep.map(({ pack }) => pack),
    missing: uses.filter(({ pack }) => !sizes.has(pack.id)).map(({ pack }) => pack.id),
    bytes: {
      used: bytesOf(present, 'usedBytes'),
      removed: bytesOf(remove, 'size') + dropped,
      repacked: bytesOf(repack, 'size'),
      unusedAfter,
      unindexed: [...unindexed.map(({ size }) => size), ...doubled.map(sizeOf)].reduce((sum, size) => sum + size, 0),
    },
  };
}

/** A blob in several packs counts as used in the first of those that hold the most use otherwise. */
function measure(
  packs: () => Iterable<IndexedPack>,
  used: BlobSet,
  trust: (pack: IndexedPack) => Trust,
): readonly PackUse[] {
  const uses = [...packs()].map((pack): PackUse => {
    const types = new Set(pack.blobs.map(({ type }) => type));
    const type = types.size > 1 ? 'mixed' : (pack.blobs[0]?.type ?? 'data');
    return { pack, type, size: sizeOf(pack), used: 0, usedBytes: 0, unusedBytes: 0, doubledBytes: 0 };
  });
  const share = (pack: IndexedPack): number =>
    pack.blobs.filter(({ type, id }) => used.has(type, id)).length / Math.max(1, pack.blobs.length);
  // What another pack holds whole must not be looked for in one that is damaged, and least in one that is missing or cut short.
  const rank = { good: share, doubtful: () => -1, lost: () => -2 };
  const shares = new Map(uses.map((use) => [use, rank[trust(use.pack)](use.pack)]));
  const taken = new BlobSet();
  for (const use of [...uses].sort((a, b) => (shares.get(b) ?? 0) - (shares.get(a) ?? 0))) {
    for (const { type, id, length } of use.pack.blobs) {
      const isUsed = used.has(type, id);
      if (isUsed && taken.add(type, id) === 'added') {
        use.used++;
        use.usedBytes += length;
      } else {
        use.unusedBytes += length;
        if (isUsed) use.doubledBytes += length;
      }
    }
  }
  return uses;
}

function sizeOf({ blobs }: IndexedPack): number {
  return packFileSize(blobs);
}

function checkNeeded(uses: readonly PackUse[], sizes: ReadonlyMap<string, number>): void {
  const needed = uses.filter((use) => use.used > 0);
  const missing = needed.filter(({ pack }) => !sizes.has(pack.id));
  if (missing.length > 0) {
    throw new TriplicateError(
      'repo/damaged',
      `Nothing was removed: ${missing.length} pack files that are needed are missing.`,
      {
        data: { packs: missing.map(({ pack }) => pack.id) },
        hint: 'Check that the destination is complete and reachable, then run `check`.',
      },
    );
  }
  const wrong = needed.find(({ pack, size }) => sizes.get(pack.id) !== size);
  if (wrong) {
    throw new TriplicateError(
      'repo/damaged',
      `Nothing was removed: pack ${wrong.pack.id.slice(0, 8)} does not have the size that the index says.`,
      {
        data: { packs: [wrong.pack.id] },
        hint: 'Run `check`; `triplicate repo repair index` makes the index anew from the packs.',
      },
    );
  }
}

/**
 * Those in which nothing is used. What lies elsewhere as well is read there before it goes, so of such packs no more go in one
 * run than may be rewritten in one. One that is not to be trusted goes all the same: nothing may be said to lie in it.
 */
function chooseRemove(
  present: readonly PackUse[],
  limits: PruneLimits,
  trust: (pack: IndexedPack) => Trust,
): readonly PackUse[] {
  let toProve = 0;
  return present.filter(({ pack, used, doubledBytes }) => {
    if (used > 0) return false;
    const isTooMuch = doubledBytes > 0 && toProve + doubledBytes > limits.maxRepackBytes;
    if (isTooMuch && trust(pack) === 'good') return false;
    toProve += doubledBytes;
    return true;
  });
}

/** No more of them than may be read in one run; one at least, so that each run comes nearer to the end. */
function chooseDoubled(packs: readonly IndexedPack[], used: BlobSet, limits: PruneLimits): readonly IndexedPack[] {
  let toProve = 0;
  return packs.filter(({ blobs }) => {
    const bytes = blobs.reduce((sum, { type, id, length }) => sum + (used.has(type, id) ? length : 0), 0);
    if (toProve > 0 && toProve + bytes > limits.maxRepackBytes) return false;
    toProve += bytes;
    return true;
  });
}

function chooseRepack(
  present: readonly PackUse[],
  limits: PruneLimits,
  distrusted: ReadonlySet<PackId>,
): readonly PackUse[] {
  const inUse = present.filter((use) => use.used > 0);
  const mustCompress = ({ type, pack }: PackUse): boolean =>
    limits.rawTrees === 'compress' && type === 'tree' && pack.blobs.some((blob) => blob.uncompressedLength === 0);
  const isFine = (use: PackUse): boolean =>
    use.unusedBytes === 0 && use.type !== 'mixed' && !mustCompress(use) && !distrusted.has(use.pack.id);
  // One that is full of tiny blobs would come out as it is, each time.
  const isSmall = (use: PackUse): boolean => use.size < limits.smallPackBytes && use.pack.blobs.length < MOST_BLOBS;
  const small = inUse.filter((use) => isFine(use) && isSmall(use));
  const candidates = inUse.filter((use) => !isFine(use));
  if (small.length >= MANY_SMALL) candidates.push(...small);
  candidates.sort(
    (a, b) =>
      Number(a.type === 'data') - Number(b.type === 'data') ||
      Number(a.size >= limits.smallPackBytes) - Number(b.size >= limits.smallPackBytes) ||
      b.unusedBytes / b.size - a.unusedBytes / a.size,
  );
  const allowed = inUse.reduce((sum, use) => sum + use.usedBytes, 0) * limits.maxUnused;
  let unused = inUse.reduce((sum, use) => sum + use.unusedBytes, 0);
  let rewritten = 0;
  return candidates.filter((use) => {
    if (distrusted.has(use.pack.id)) return true;
    if (rewritten + use.size > limits.maxRepackBytes) return false;
    const always = use.type !== 'data' || use.size < limits.smallPackBytes || mustCompress(use);
    if (!always && unused <= allowed) return false;
    unused -= use.unusedBytes;
    rewritten += use.size;
    return true;
  });
}

/** What becomes of used content in packs that go. */
interface Copies {
  readonly copy: BlobSet;
  readonly prove: BlobSet;
  /** Bytes of the rewritten packs that are not copied. */
  readonly dropped: number;
  /** Unused bytes of the packs that stay. */
  readonly unusedAfter: number;
}

/** A used blob that also lies in a pack that stays is used there from now on; otherwise it is copied. */
function settleCopies(
  remove: readonly PackUse[],
  repack: readonly PackUse[],
  keep: readonly PackUse[],
  used: BlobSet,
  unindexed: readonly IndexedPack[],
): Copies {
  const copy = new BlobSet();
  const prove = new BlobSet();
  if (repack.length + unindexed.length === 0 && remove.every(({ doubledBytes }) => doubledBytes === 0)) {
    const unusedAfter = keep.reduce((sum, { unusedBytes }) => sum + unusedBytes, 0);
    return { copy, prove, dropped: 0, unusedAfter };
  }
  const kept = new BlobSet();
  let dropped = 0;
  let unusedAfter = 0;
  for (const { pack } of keep) {
    for (const { type, id, length } of pack.blobs) {
      if (kept.add(type, id) === 'known' || !used.has(type, id)) unusedAfter += length;
    }
  }
  for (const { pack } of repack) {
    for (const { type, id, length } of pack.blobs) {
      const isCopied = used.has(type, id) && !kept.has(type, id) && copy.add(type, id) === 'added';
      if (!isCopied) dropped += length;
    }
  }
  for (const { blobs } of [...[...remove, ...repack].map(({ pack }) => pack), ...unindexed]) {
    for (const { type, id } of blobs) if (used.has(type, id) && kept.has(type, id)) prove.add(type, id);
  }
  return { copy, prove, dropped, unusedAfter };
}
