import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FILE, TreeColumns } from '../../../../main/engine/format/tree-columns.ts';
import type { BlobId, PackId } from '../../../../main/engine/ids.ts';
import { BlobIndex } from '../../../../main/engine/repository/blob-index.ts';
import { collectUses, WHOLE } from '../../../../main/engine/restore/content-uses.ts';
import { EntryTable } from '../../../../main/engine/restore/entry-table.ts';
import { ROOT } from '../../../../main/engine/restore/folder-table.ts';
import { firstUse, type PackRead, planReads, READ_BYTES, readOfOne } from '../../../../main/engine/restore/jobs.ts';

const idOf = (n: number): string => n.toString(16).padStart(64, '0');

/** Sizes of blobs by pack; in the index they stand in another order than in the pack where `order` says so. */
const packs = fc.array(
  fc.record({
    sizes: fc.array(fc.oneof(fc.integer({ min: 40, max: 5000 }), fc.integer({ min: 40, max: 3_000_000 })), {
      minLength: 1,
      maxLength: 12,
    }),
    order: fc.constantFrom('as they lie', 'reversed'),
  }),
  { minLength: 1, maxLength: 5 },
);

function indexOf(list: readonly { readonly sizes: readonly number[]; readonly order: string }[]): BlobIndex {
  const index = new BlobIndex();
  let next = 0;
  for (const [number, { sizes, order }] of list.entries()) {
    let offset = 0;
    const blobs = sizes.map((length) => {
      const blob = { type: 'data' as const, id: idOf(next++) as BlobId, offset, length, uncompressedLength: 0 };
      offset += length;
      return blob;
    });
    index.addPack({ id: idOf(1000 + number) as PackId, blobs: order === 'reversed' ? blobs.reverse() : blobs });
  }
  return index;
}

interface Use {
  readonly blob: number;
  readonly entry: number;
  readonly position: number;
}

function usesOf(read: PackRead): readonly Use[] {
  return [...read.blobs].flatMap((blob, n) =>
    Array.from(read.entries.subarray(firstUse(read, n), read.useEnds[n]), (entry, use) => ({
      ...{ blob, entry, position: read.positions[firstUse(read, n) + use] ?? Number.NaN },
    })),
  );
}

const byNumbers = (a: Use, b: Use): number => a.blob - b.blob || a.entry - b.entry || a.position - b.position;

describe('the reads of a restore', () => {
  it('serve every use once, each pack from front to back, in pieces that are not too large', () => {
    fc.assert(
      fc.property(packs, fc.array(fc.array(fc.nat(40), { maxLength: 5 }), { maxLength: 30 }), (list, files) => {
        const index = indexOf(list);
        const table = new EntryTable(0);
        const columns = new TreeColumns(1);
        columns.types[0] = FILE;
        const wanted: Use[] = [];
        const links = new Map<number, number>();
        for (const content of files) {
          const blobs = content.map((n) => n % index.blobCount);
          for (const blob of blobs) table.addContent(blob);
          const entry = table.append(ROOT, columns, 0);
          if (entry % 7 === 6) links.set(entry, 0);
          if (entry % 5 === 4) table.setAction(entry, 'kept', 'no');
          if (entry % 7 === 6 || entry % 5 === 4) continue;
          let at = 0;
          for (const blob of blobs) {
            wanted.push({ blob, entry, position: blobs.length === 1 ? WHOLE : at });
            at += index.plainLengthAt(blob);
          }
        }
        const reads = [...planReads(collectUses(table, links, index, new Map()), index)];
        expect(reads.flatMap(usesOf).sort(byNumbers)).toEqual(wanted.sort(byNumbers));
        let last = { pack: '', end: 0 };
        const done = new Set<string>();
        for (const read of reads) {
          const places = [...read.blobs].map((blob) => index.placeAt(blob));
          if (read.packId !== last.pack) {
            expect(done).not.toContain(read.packId);
            done.add(read.packId);
            last = { pack: read.packId, end: 0 };
          }
          expect(read.offset).toBeGreaterThanOrEqual(last.end);
          expect(read.length <= READ_BYTES || read.blobs.length === 1).toBe(true);
          for (const { packId, offset, length } of places) {
            expect(packId).toBe(read.packId);
            expect(offset >= read.offset && offset + length <= read.offset + read.length).toBe(true);
          }
          last = { pack: read.packId, end: read.offset + read.length };
          const alone = read.blobs.length - 1;
          expect(usesOf(readOfOne(read, alone, index))).toEqual(
            usesOf(read).filter(({ blob }) => blob === read.blobs[alone]),
          );
        }
      }),
      { numRuns: 400 },
    );
  });

  it('place what stands behind a blob that was measured by its true length', () => {
    const index = indexOf([{ sizes: [100, 200], order: 'as they lie' }]);
    const table = new EntryTable(0);
    const columns = new TreeColumns(1);
    for (const blob of [0, 1]) table.addContent(blob);
    table.append(ROOT, columns, 0);
    const [read] = planReads(collectUses(table, new Map(), index, new Map([[0, 5]])), index);
    expect(read && usesOf(read).map(({ position }) => position)).toEqual([0, 5]);
  });
});
