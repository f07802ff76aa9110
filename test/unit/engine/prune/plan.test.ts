import { expect, it } from 'vitest';
import type { IndexedPack } from '../../../../main/engine/format/index-file.ts';
import type { BlobId, PackId } from '../../../../main/engine/ids.ts';
import { planPrune } from '../../../../main/engine/prune/plan.ts';
import { MOST_BLOBS } from '../../../../main/engine/repository/pack-builder.ts';
import { BlobSet } from '../../../../main/engine/walk/blob-set.ts';

const MIB = 1024 * 1024;
const limits = {
  maxUnused: 0.05,
  maxRepackBytes: Number.POSITIVE_INFINITY,
  smallPackBytes: 4 * MIB,
  rawTrees: 'keep',
} as const;

/** Ids differ in their first bytes, as hashes do: tables rely on it. */
const hashLike = (n: number): string => (Math.imul(n, 0x9e37_79b1) >>> 0).toString(16).padStart(8, '0').padEnd(64, '0');

/** Packs of blobs of this length, all in use. */
function plan(packs: number, blobs: number, length: number) {
  const used = new BlobSet();
  const made = Array.from({ length: packs }, (_, pack): IndexedPack => {
    const entries = Array.from({ length: blobs }, (_, n) => {
      const id = hashLike(pack * blobs + n) as BlobId;
      used.add('data', id);
      return { type: 'data' as const, id, offset: n * length, length, uncompressedLength: 0 };
    });
    return { id: pack.toString(16).padStart(64, '0') as PackId, blobs: entries };
  });
  const sizes = made.map(({ id, blobs: entries }) => ({ id, size: entries.length * (length + 37) + 36 }));
  return planPrune(() => made, sizes, used, limits);
}

it('puts small packs together', () => {
  expect(plan(12, 10, 1000).repack).toHaveLength(12);
});

it('leaves alone what would come out as it is: packs that are full of tiny blobs, however small they are', () => {
  expect(plan(10, MOST_BLOBS, 33)).toMatchObject({ repack: [], remove: [] });
});

/** A pack of blobs that are in use, each with its length. */
function packOf(used: BlobSet, name: number, lengths: Readonly<Record<number, number>>): IndexedPack {
  let offset = 0;
  const blobs = Object.entries(lengths).map(([blob, length]) => {
    const id = hashLike(Number(blob)) as BlobId;
    used.add('data', id);
    offset += length;
    return { type: 'data' as const, id, offset: offset - length, length, uncompressedLength: 0 };
  });
  return { id: name.toString(16).padStart(64, '0') as PackId, blobs };
}

const listed = (packs: readonly IndexedPack[]) =>
  packs.map(({ id, blobs }) => ({ id, size: blobs.reduce((sum, { length }) => sum + length + 37, 36) }));

it('counts what also lies in a pack that stays as used there, and as gone from the pack that is rewritten', () => {
  const used = new BlobSet();
  const packs = [
    ...Array.from({ length: 10 }, (_, n) => packOf(used, n, { [n]: 1000 })),
    packOf(used, 10, { 10: 5 * MIB, 3: 1000 }),
  ];
  const { repack, keep, copy, bytes, prove } = planPrune(() => packs, listed(packs), used, limits);
  expect(repack.map(({ id }) => id)).toEqual(packs.slice(0, 10).map(({ id }) => id));
  expect(keep).toEqual([packs[10]]);
  expect([3, 4].map((blob) => copy.has('data', hashLike(blob) as BlobId))).toEqual([false, true]);
  expect([3, 4].map((blob) => prove.has('data', hashLike(blob) as BlobId))).toEqual([true, false]);
  expect(bytes).toMatchObject({ removed: 1000, unusedAfter: 0 });
});

it('takes from a pack that is not to be trusted only what no other has, and lets it go', () => {
  const used = new BlobSet();
  const packs = [
    packOf(used, 0, { 0: 5 * MIB, 1: 5 * MIB }),
    packOf(used, 1, { 0: 5 * MIB, 2: 5 * MIB }),
    packOf(used, 2, { 1: 5 * MIB }),
  ];
  const plain = planPrune(() => packs, listed(packs), used, { ...limits, maxUnused: 1 });
  expect(plain).toMatchObject({ remove: [packs[2]], repack: [], keep: packs.slice(0, 2) });
  const distrusted = new Set([packs[0]?.id as PackId]);
  const { remove, repack, keep, prove } = planPrune(
    () => packs,
    listed(packs),
    used,
    { ...limits, maxUnused: 1 },
    distrusted,
  );
  expect({ remove, repack, keep }).toEqual({ remove: [packs[0]], repack: [], keep: packs.slice(1) });
  expect([0, 1, 2].map((blob) => prove.has('data', hashLike(blob) as BlobId))).toEqual([true, true, false]);
});

it('reads no more of what is stored twice in one run than one may rewrite', () => {
  const used = new BlobSet();
  const packs = [0, 1, 2, 3].flatMap((n) => [
    packOf(used, 2 * n, { [n]: 5 * MIB }),
    packOf(used, 2 * n + 1, { [n]: 5 * MIB }),
  ]);
  const { remove, keep, bytes } = planPrune(() => packs, listed(packs), used, { ...limits, maxRepackBytes: 11 * MIB });
  expect(remove).toHaveLength(2);
  expect(keep).toHaveLength(6);
  expect(bytes.unusedAfter).toBe(10 * MIB);
});

it('keeps nothing that is not to be trusted, however much of it lies elsewhere as well', () => {
  const used = new BlobSet();
  const packs = [0, 1, 2, 3].map((n) => packOf(used, n, { 0: 5 * MIB }));
  const sizes = listed(packs).map((file, n) => (n === 1 ? { ...file, size: file.size - 1 } : file));
  const distrusted = new Set([packs[2]?.id as PackId]);
  const few = { ...limits, maxRepackBytes: 6 * MIB };
  const { remove, keep } = planPrune(() => packs, sizes, used, few, distrusted);
  expect({ remove, keep }).toEqual({ remove: packs.slice(1, 3), keep: [packs[0], packs[3]] });
});

it('looks in a pack that is there, though not to be trusted, before one that is missing', () => {
  const used = new BlobSet();
  const packs = [packOf(used, 0, { 0: 5 * MIB }), packOf(used, 1, { 0: 5 * MIB, 1: 5 * MIB })];
  const distrusted = new Set([packs[1]?.id as PackId]);
  const { repack, missing } = planPrune(() => packs, listed(packs).slice(1), used, limits, distrusted);
  expect({ repack, missing }).toEqual({ repack: [packs[1]], missing: [packs[0]?.id] });
});

it('lets only as much go of what is in no index and in use elsewhere as may be read in one run, and one pack at least', () => {
  const used = new BlobSet();
  const packs = [packOf(used, 0, { 0: 5 * MIB, 1: 5 * MIB, 2: 5 * MIB })];
  const unindexed = [0, 1, 2].map((blob) => packOf(used, 10 + blob, { [blob]: 5 * MIB }));
  const sizes = [...listed([...packs, ...unindexed]), { id: 'f'.repeat(64), size: 100 }];
  const planned = (maxRepackBytes: number) =>
    planPrune(() => packs, sizes, used, { ...limits, maxRepackBytes }, new Set(), unindexed);
  const { doubled, prove, keep, ...rest } = planned(11 * MIB);
  expect(doubled).toEqual(unindexed.slice(0, 2));
  expect([0, 1, 2].map((blob) => prove.has('data', hashLike(blob) as BlobId))).toEqual([true, true, false]);
  expect(keep).toEqual(packs);
  expect(rest).toMatchObject({ unindexed: ['f'.repeat(64)], bytes: { unindexed: 100 + 2 * (5 * MIB + 73) } });
  expect(planned(MIB).doubled).toEqual(unindexed.slice(0, 1));
});
