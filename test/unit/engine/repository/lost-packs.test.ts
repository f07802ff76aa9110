import { expect, it } from 'vitest';
import type { LoadedIndex } from '../../../../main/engine/repository/blob-index.ts';
import { listPacksAhead, setLostPacksAside } from '../../../../main/engine/repository/lost-packs.ts';
import { createMemoryStore } from '../../../../main/engine/store/memory-store.ts';
import type { StoredFile, WriteStore } from '../../../../main/engine/store/store.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const BOTH: readonly StoredFile[] = [
  { id: A, size: 100 },
  { id: B, size: 200 },
];

/** An index that names both packs, and what it was told to set aside. */
function indexed(): { readonly loaded: LoadedIndex; readonly aside: string[] } {
  const aside: string[] = [];
  const index = {
    packFileSizes: () => new Map(BOTH.map(({ id, size }) => [id, size])),
    setAside: (ids: readonly string[]) => aside.push(...ids),
  };
  return { loaded: { index, indexIds: [], damaged: [] } as unknown as LoadedIndex, aside };
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
  const { loaded, aside } = indexed();
  expect(await setLostPacksAside(place, loaded, undefined, listPacksAhead(place, undefined))).toBe(0);
  expect({ asked: place.asked, aside }).toEqual({ asked: 1, aside: [] });
});

it.each([
  ['lacks a pack that was stored since', BOTH.slice(0, 1)],
  ['shows one cut short', [BOTH[0], { id: B, size: 199 }] as StoredFile[]],
  ['is empty', []],
  ['failed', new Error('no answer')],
])('asks again when that listing %s', async (_what, early) => {
  const place = showing(early, BOTH);
  const { loaded, aside } = indexed();
  expect(await setLostPacksAside(place, loaded, undefined, listPacksAhead(place, undefined))).toBe(0);
  expect({ asked: place.asked, aside }).toEqual({ asked: 2, aside: [] });
});

it('sets aside only what the second look does not show either', async () => {
  const place = showing([], BOTH.slice(0, 1));
  const { loaded, aside } = indexed();
  expect(await setLostPacksAside(place, loaded, undefined, listPacksAhead(place, undefined))).toBe(1);
  expect(aside).toEqual([B]);
});
