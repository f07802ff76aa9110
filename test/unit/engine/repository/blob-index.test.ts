import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BlobId, PackId } from '../../../../main/engine/ids.ts';
import { BlobIndex } from '../../../../main/engine/repository/blob-index.ts';
import { IdTable } from '../../../../main/engine/repository/id-table.ts';

const idOf = (n: number): string => createHash('sha256').update(String(n)).digest('hex');

it('finds every blob of every pack again, whatever was added', () => {
  const blob = fc.record({ n: fc.nat(60), type: fc.constantFrom('data' as const, 'tree' as const) });
  fc.assert(
    fc.property(fc.array(fc.array(blob, { minLength: 1, maxLength: 20 }), { maxLength: 20 }), (packs) => {
      const index = new BlobIndex(1);
      const model = packs.map((blobs, number) => ({
        id: idOf(1000 + number) as PackId,
        blobs: blobs.map(({ n, type }, at) => ({
          id: idOf(n) as BlobId,
          type,
          offset: at * 100,
          length: 50 + n,
          uncompressedLength: n,
        })),
      }));
      for (const pack of model) index.addPack(pack);
      expect([...index.packs()]).toEqual(model);
      for (let n = 0; n <= 60; n++) {
        for (const type of ['data', 'tree'] as const) {
          const places = model.flatMap(({ id, blobs }) =>
            blobs.filter((one) => one.id === idOf(n) && one.type === type).map(({ offset }) => `${id}:${offset}`),
          );
          expect(index.has(type, idOf(n) as BlobId)).toBe(places.length > 0);
          const found = index.lookupAll(type, idOf(n) as BlobId).map(({ packId, offset }) => `${packId}:${offset}`);
          expect(found.toSorted()).toEqual(places.toSorted());
        }
      }
    }),
    { numRuns: 50 },
  );
});

it('keeps 300,000 ids in less than 70 bytes each', () => {
  const table = new IdTable();
  const id = Buffer.alloc(32);
  for (let n = 0; n < 300_000; n++) {
    id.writeUInt32LE((n * 2_654_435_761) >>> 0, 0);
    id.writeUInt32LE(n, 4);
    table.add(id);
  }
  expect(table.memoryBytes / table.size).toBeLessThan(70);
  id.writeUInt32LE((7 * 2_654_435_761) >>> 0, 0);
  id.writeUInt32LE(7, 4);
  expect(table.find(id)).toBe(7);
});
