import { hash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LoadedIndex } from '../../../../main/engine/engine.ts';
import { loadIndex, openSealedIndex, type Repository, sealIndex } from '../../../../main/engine/engine.ts';
import type { StoredPack } from '../../../../main/engine/format/index-file.ts';
import type { BlobId, IndexId, PackId } from '../../../../main/engine/ids.ts';
import { BlobIndex } from '../../../../main/engine/repository/blob-index.ts';
import { newRepository } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let repository: Repository;
beforeEach(async () => {
  scratch = await temporaryFolder('index-cache');
  repository = await newRepository(scratch.path);
});
afterEach(() => scratch.remove());

const id = (number: number): string => hash('sha256', String(number), 'hex');

/** Packs of a few blobs each; some blobs lie twice, and some ids are data and tree. */
function packs(count: number): readonly StoredPack[] {
  return Array.from({ length: count }, (_, number) => ({
    id: id(1_000_000 + number) as PackId,
    blobs: Array.from({ length: 1 + (number % 5) }, (_, blob) => ({
      type: number % 7 === 0 ? ('tree' as const) : ('data' as const),
      id: id((number * 3 + blob) % 20_000) as BlobId,
      offset: blob * 100,
      length: 60 + blob,
      uncompressedLength: blob % 2 ? 0 : 200 + number,
    })),
  }));
}

function loadedOf(count: number): LoadedIndex {
  const index = new BlobIndex(16);
  for (const pack of packs(count)) index.addPack(pack);
  return { index, indexIds: [id(7) as IndexId], damaged: [] };
}

it.each([0, 1, 9, 12_000])('comes back as it was, with %i packs', (count) => {
  const loaded = loadedOf(count);
  const sealed = sealIndex(repository, loaded);
  const opened = sealed && openSealedIndex(repository, sealed);
  expect(opened?.indexIds).toEqual(loaded.indexIds);
  expect(opened && [...opened.index.packs()]).toEqual([...loaded.index.packs()]);
  for (const { blobs } of packs(Math.min(count, 50))) {
    for (const blob of blobs) {
      const places = (index: BlobIndex | undefined) => new Set(index?.lookupAll(blob.type, blob.id));
      expect(places(opened?.index)).toEqual(places(loaded.index));
    }
  }
});

it('goes on growing', () => {
  const sealed = sealIndex(repository, loadedOf(100));
  const opened = sealed && openSealedIndex(repository, sealed);
  const whole = loadedOf(300);
  for (const pack of packs(300).slice(100)) opened?.index.addPack(pack);
  expect(opened && [...opened.index.packs()]).toEqual([...whole.index.packs()]);
});

it('is not made of an index of which something counts as absent', () => {
  const loaded = loadedOf(5);
  loaded.index.setAside([id(1_000_001) as PackId]);
  expect(sealIndex(repository, loaded)).toBeUndefined();
});

it('believes nothing that is damaged, cut short, or of another repository', async () => {
  const sealed = sealIndex(repository, loadedOf(20)) ?? new Uint8Array();
  for (const at of [0, 30, sealed.length >> 1, sealed.length - 1]) {
    const bytes = Uint8Array.from(sealed);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(openSealedIndex(repository, bytes)).toBeUndefined();
  }
  for (const length of [0, 10, 40, sealed.length - 32]) {
    expect(openSealedIndex(repository, sealed.subarray(0, length))).toBeUndefined();
  }
  const other = await newRepository(`${scratch.path}/other`);
  expect(openSealedIndex(other, sealed)).toBeUndefined();
});

it('is read anew when an index file that it stands for is gone', async () => {
  const sealed = sealIndex(repository, loadedOf(20));
  const known = sealed && openSealedIndex(repository, sealed);
  const loaded = await loadIndex(repository, known ? { known } : {});
  expect(loaded.index.blobCount).toBe(0);
});
