import { expect, it } from 'vitest';
import type { LoadedIndex } from '../../../../main/engine/repository/blob-index.ts';
import { areAllThere, listPacksAhead } from '../../../../main/engine/repository/lost-packs.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import type { StoredFile, WriteStore } from '../../../../main/engine/store/store.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const BOTH: readonly StoredFile[] = [
  { id: A, size: 100 },
  { id: B, size: 200 },
];

/** An index that names both packs. */
function indexed(): LoadedIndex {
  const index = { packFileSizes: () => new Map(BOTH.map(({ id, size }) => [id, size])) };
  return { index, indexIds: [], damaged: [] } as unknown as LoadedIndex;
}

/** A place that shows its packs like this, one listing after the other. */
function showing(...listings: readonly (readonly StoredFile[] | Error)[]): {
  readonly store: WriteStore;
  asked: number;
} {
  const place = { store: createMemoryStore(), asked: 0 };
  place.store.list = async () => {
    const listing = listings[place.asked++] ?? [];
    if (listing instanceof Error) throw listing;
    return listing;
  };
  return place;
}

it('believes a listing that was begun ahead when it shows everything', async () => {
  const place = showing(BOTH);
  expect(await areAllThere(place, indexed(), undefined, listPacksAhead(place, undefined))).toBe(true);
  expect(place.asked).toBe(1);
});

it.each([
  ['lacks a pack that was stored since', BOTH.slice(0, 1)],
  ['shows one cut short', [BOTH[0], { id: B, size: 199 }] as StoredFile[]],
  ['is empty', []],
  ['failed', new Error('no answer')],
])('asks again when that listing %s', async (_what, early) => {
  const place = showing(early, BOTH);
  expect(await areAllThere(place, indexed(), undefined, listPacksAhead(place, undefined))).toBe(true);
  expect(place.asked).toBe(2);
});

it('takes packs for lost only when the second look does not show them either', async () => {
  const place = showing([], BOTH.slice(0, 1));
  expect(await areAllThere(place, indexed(), undefined, listPacksAhead(place, undefined))).toBe(false);
});
