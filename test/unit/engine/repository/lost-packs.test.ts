import { expect, it } from 'vitest';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import type { LoadedIndex } from '../../../../main/engine/repository/blob-index.ts';
import { areAllThere, listPacksAhead, setLostPacksAside } from '../../../../main/engine/repository/lost-packs.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import { CONFIG_FILE, type StoredFile, type WriteStore } from '../../../../main/engine/store/store.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const BOTH: readonly StoredFile[] = [
  { id: A, size: 100 },
  { id: B, size: 200 },
];

/** An index that names both packs; those that are set aside come into `aside`. */
function indexed(aside: string[] = []): LoadedIndex {
  const index = {
    packFileSizes: () => new Map(BOTH.map(({ id, size }) => [id, size])),
    setAside: (packs: readonly string[]) => aside.push(...packs),
  };
  return { index, indexIds: [], damaged: [] } as unknown as LoadedIndex;
}

/** A place that shows its packs like this, one listing after the other. */
function showing(...listings: readonly (readonly StoredFile[] | Error)[]): {
  readonly store: WriteStore;
  asked: number;
} {
  const place = { store: createMemoryStore(), asked: 0 };
  void place.store.put(CONFIG_FILE, new Uint8Array(1));
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

it('asks by name for a pack that a late listing leaves out', async () => {
  const place = showing(BOTH.slice(0, 1));
  await place.store.put({ type: 'data', id: B }, new Uint8Array(200));
  const aside: string[] = [];
  expect(await setLostPacksAside(place, indexed(aside), undefined)).toBe(0);
  expect(aside).toEqual([]);
  place.store.list = async () => BOTH.slice(0, 1);
  expect(await areAllThere(place, indexed(), undefined, listPacksAhead(place, undefined))).toBe(true);
});

it.each([
  ['is not there either', undefined],
  ['is there and cut short', 199],
])('sets aside a pack that %s', async (_what, size) => {
  const place = showing(BOTH.slice(0, 1));
  if (size !== undefined) await place.store.put({ type: 'data', id: B }, new Uint8Array(size));
  const aside: string[] = [];
  expect(await setLostPacksAside(place, indexed(aside), undefined)).toBe(1);
  expect(aside).toEqual([B]);
});

it('takes a place that does not answer by name for one that does not answer', async () => {
  const place = showing(BOTH.slice(0, 1));
  place.store.get = async () => {
    throw new TriplicateError('store/unreachable', 'no answer');
  };
  await expect(setLostPacksAside(place, indexed(), undefined)).rejects.toThrow('no answer');
});
