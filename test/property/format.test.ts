import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkBoundaries, createChunker, MAX_CHUNK } from '../../main/engine/chunker/chunker.ts';
import { hasCode } from '../../main/engine/errors.ts';
import { type Key, open, seal } from '../../main/engine/format/crypto.ts';
import { decodeIndex, encodeIndex, encodeIndexPack } from '../../main/engine/format/index-file.ts';
import { scanIndex } from '../../main/engine/format/index-scan.ts';
import { decodeLock } from '../../main/engine/format/lock.ts';
import { quoteName, unquoteName } from '../../main/engine/format/name.ts';
import { encodePackHeader, type PackEntry, PackHeaderBlobs, parsePackHeader } from '../../main/engine/format/pack.ts';
import { generatePolynomial } from '../../main/engine/format/polynomial.ts';
import { decodeSnapshot } from '../../main/engine/format/snapshot.ts';
import { formatTime, parseTime, timestampOf } from '../../main/engine/format/time.ts';
import { decodeTree, type TreeNode } from '../../main/engine/format/tree.ts';
import { encodeTree } from '../../main/engine/format/tree-text.ts';
import { decodeUnpacked, encodeUnpacked } from '../../main/engine/format/unpacked.ts';
import { compress, decompress } from '../../main/engine/format/zstd.ts';
import type { BlobId, PackId, TreeId } from '../../main/engine/ids.ts';
import { BlobIndex } from '../../main/engine/repository/blob-index.ts';
import { counting, toHex } from '../support/bytes.ts';
import { referenceBoundaries } from '../support/reference-chunker.ts';

const key: Key = { encrypt: counting(1, 32), macK: counting(2, 16), macR: counting(3, 16) };

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const instant = fc.oneof(
  fc.bigInt({ min: -62_135_596_800n * 10n ** 9n, max: 253_402_214_400n * 10n ** 9n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.bigInt({ min: -(10n ** 10n), max: 2n * 10n ** 18n }),
);
/** Bytes that are often valid UTF-8, often nearly so. */
const rawText = fc.oneof(
  bytes(40),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Uint8Array.from(Buffer.from(text))),
  fc.constantFrom('\u2028', '\\', '"', '\ufffd', '\u061d', 'a<b').map((text) => Uint8Array.from(Buffer.from(text))),
);
const validText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed());

describe('round trips', () => {
  it('every name comes back byte for byte', () => {
    fc.assert(
      fc.property(rawText, (raw) => {
        expect(toHex(unquoteName(quoteName(raw)))).toBe(toHex(raw));
      }),
      { numRuns: 2000 },
    );
  });

  it('every instant comes back from its text, in any zone', () => {
    fc.assert(
      fc.property(instant, fc.integer({ min: -1439, max: 1439 }), (ns, offset) => {
        const text = formatTime(ns, ns > 0n ? -Math.abs(offset) : Math.abs(offset));
        expect(parseTime(text)).toBe(ns);
        expect(timestampOf(text).ns).toBe(ns);
      }),
    );
  });

  it('every sealed message opens', () => {
    fc.assert(
      fc.property(bytes(40_000), (plain) => {
        expect(Buffer.compare(open(key, seal(key, randomBytes(16), plain)), plain)).toBe(0);
        expect(Buffer.compare(decompress(compress(plain), plain.length), plain)).toBe(0);
      }),
    );
  });

  const packEntries = fc
    .array(
      fc.record({
        type: fc.constantFrom('data' as const, 'tree' as const),
        id: id.map((text) => text as BlobId),
        length: fc.integer({ min: 32, max: 50_000_000 }),
        uncompressedLength: fc.oneof(fc.constant(0), uint32),
      }),
      { minLength: 1, maxLength: 20 },
    )
    .map((entries) => {
      let offset = 0;
      return entries.map((entry): PackEntry => {
        const placed = { ...entry, offset };
        offset += entry.length;
        return placed;
      });
    });

  it('a pack is named and taken in the same way, by its entries or by its header', () => {
    fc.assert(
      fc.property(packEntries, id, (entries, packId) => {
        const byEntries = { id: packId as PackId, blobs: entries };
        const header = encodePackHeader(entries);
        const byHeader = { id: packId as PackId, blobs: new PackHeaderBlobs(header, entries.length) };
        expect(encodeIndexPack(byHeader).toString()).toBe(encodeIndexPack(byEntries).toString());
        const taken = [byEntries, byHeader].map((pack) => {
          const index = new BlobIndex(1);
          index.addPack(pack);
          return [...index.packs()];
        });
        expect(taken[0]).toEqual([byEntries]);
        expect(taken[1]).toEqual([byEntries]);
      }),
      { numRuns: 300 },
    );
  });

  it('pack headers and index files keep every entry', () => {
    fc.assert(
      fc.property(packEntries, id, (blobs, packId) => {
        expect(parsePackHeader(encodePackHeader(blobs))).toEqual(blobs);
        const packs = [{ id: packId as PackId, blobs }];
        expect(decodeIndex(decodeUnpacked(encodeUnpacked(encodeIndex(packs)))).packs).toEqual(packs);
      }),
    );
  });

  const time = instant.map((ns) => timestampOf(formatTime(ns, 0)));
  const common = {
    name: rawText.filter((name) => name.length > 0),
    mode: uint32,
    mtime: time,
    atime: time,
    ctime: time,
    uid: uint32,
    gid: uint32,
    user: validText,
    group: validText,
    inode: uint64,
    deviceId: uint64,
    links: uint32,
  };
  const node: fc.Arbitrary<TreeNode> = fc.oneof(
    fc.record({
      ...common,
      type: fc.constant('file' as const),
      size: fc.maxSafeNat(),
      content: fc.array(id.map((text) => text as BlobId)),
      extendedAttributes: fc.array(fc.record({ name: validText, value: bytes(20) }), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      ...common,
      type: fc.constant('dir' as const),
      size: fc.constant(0),
      content: fc.constant(null),
      subtree: id.map((text) => text as TreeId),
    }),
    fc.record({
      ...common,
      type: fc.constant('symlink' as const),
      size: fc.constant(0),
      content: fc.constant(null),
      linkTarget: validText.filter((text) => text !== '').map((text) => Uint8Array.from(Buffer.from(text))),
    }),
  );
  const nodes = fc
    .uniqueArray(node, { selector: ({ name }) => toHex(name), maxLength: 8 })
    .map((list) => list.toSorted((a, b) => Buffer.compare(a.name, b.name)));

  const indexedPacks = fc.array(
    fc.record({ id: id.map((text) => text as PackId), blobs: fc.oneof(packEntries, fc.constant([])) }),
    { maxLength: 3 },
  );

  it('an index is scanned as it is decoded, or not at all, also when a byte of it is another', () => {
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0 ,"{}[]aA9'))),
    });
    fc.assert(
      fc.property(indexedPacks, fc.array(id, { maxLength: 2 }), fc.option(mutation), (packs, supersedes, change) => {
        const json = encodeIndex(packs, supersedes);
        if (change) json[change.at % json.length] = change.byte;
        const scanned = new BlobIndex(1);
        const found = scanIndex(json);
        for (const pack of found ?? []) scanned.addColumns(pack);
        const decoded = new BlobIndex(1);
        const decode = (): void => {
          for (const pack of decodeIndex(json.toString('utf8')).packs) decoded.addPack(pack);
        };
        if (!change && packs.length > 0 && packs.every(({ blobs }) => blobs.length > 0)) expect(found).toBeDefined();
        if (!found) return;
        decode();
        expect([...scanned.packs()]).toEqual([...decoded.packs()]);
      }),
      { numRuns: 3000 },
    );
  });

  it('trees keep every field, and the same tree gives the same bytes', () => {
    fc.assert(
      fc.property(nodes, (list) => {
        const encoded = encodeTree(list);
        const decoded = decodeTree(encoded);
        expect(toHex(encodeTree(decoded))).toBe(toHex(encoded));
        expect(decoded.map(plainOf)).toEqual(list.map(plainOf));
      }),
    );
  });
});

/** A node in values that can be compared whatever class carries them. */
function plainOf(node: TreeNode): unknown {
  const { name, mtime, atime, ctime, linkTarget, extendedAttributes, ...rest } = node;
  const attributes = extendedAttributes?.map((attribute) => [attribute.name, toHex(attribute.value)]);
  const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  const target = linkTarget ? toHex(linkTarget) : undefined;
  return { ...defined, name: toHex(name), times: [mtime.ns, atime.ns, ctime.ns], target, attributes };
}

describe('damaged bytes', () => {
  const bases = [
    '{"nodes":[{"name":"a\\\\xff","type":"file","mtime":"2024-02-29T12:34:56.12Z","uid":0,"inode":18446744073709551615,"size":6,"content":[]}]}\n',
    `{"packs":[{"id":"${'ab'.repeat(32)}","blobs":[{"id":"${'cd'.repeat(32)}","type":"data","offset":0,"length":47}]}]}`,
    `{"time":"2026-11-23T05:17:07Z","tree":"${'ab'.repeat(32)}","paths":["/a"],"tags":["t"],"uid":1}`,
    '{"time":"2026-11-23T05:17:07Z","exclusive":false,"hostname":"vm","username":"root","pid":18901}',
  ].map((text) => Buffer.from(text));

  it('never give anything but a typed error', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'insert')), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...bases), edits, (base, changes) => {
        const mutated = changes.reduce((current, [at, byte, how]) => {
          const place = at % Math.max(1, current.length);
          const rest = current.subarray(how === 'insert' ? place : place + 1);
          return Buffer.concat([current.subarray(0, place), how === 'cut' ? Buffer.of() : Buffer.of(byte), rest]);
        }, base);
        const text = mutated.toString();
        for (const decode of [
          () => decodeTree(mutated),
          () => decodeIndex(text),
          () => decodeSnapshot(text).time.ns,
          () => decodeLock(text).time.ns,
          () => decodeUnpacked(mutated),
          () => parsePackHeader(mutated),
          () => open(key, mutated),
          () => decompress(mutated, 100),
          () => unquoteName(text),
        ]) {
          expectDamageOnly(decode);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of compressed data are noticed or harmless', () => {
    const plain = Buffer.from('some text that is compressed, some text that is not, some text');
    const compressed = compress(plain);
    for (let bit = 0; bit < compressed.length * 8; bit++) {
      const mutated = Buffer.from(compressed);
      mutated[bit >> 3] = (mutated[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectDamageOnly(() => decompress(mutated, plain.length));
      expectDamageOnly(() => decompress(mutated.subarray(0, bit >> 3), plain.length));
    }
  });
});

function expectDamageOnly(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!hasCode(error, 'repo/damaged')) throw error;
  }
}

describe('the chunker', () => {
  const polynomials = Array.from({ length: 3 }, () => generatePolynomial((n) => Uint8Array.from(randomBytes(n))));

  it('cuts as the reference does', () => {
    for (const polynomial of polynomials) {
      const data = Uint8Array.from(randomBytes(10 * 1024 * 1024 + 12_345));
      // A stretch of equal bytes reaches the maximum, or cuts everywhere.
      data.fill(polynomials.indexOf(polynomial), 2_000_000, 4_000_000);
      expect(chunkBoundaries(polynomial, data)).toEqual(referenceBoundaries(polynomial, data));
    }
  });

  it('cuts the same however the reads are split', () => {
    const [polynomial] = polynomials as [bigint];
    const data = Uint8Array.from(randomBytes(6 * 1024 * 1024));
    const expected = chunkBoundaries(polynomial, data);
    fc.assert(
      fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 900_000 })), (sizes) => {
        const chunker = createChunker(polynomial, MAX_CHUNK);
        chunker.memory.set(data);
        const ends: number[] = [];
        let [start, end, looked] = [0, 0, 0];
        while (start < data.length) {
          const cut = chunker.nextCut(start, end, end === data.length, looked);
          looked = cut < 0 ? end - start : 0;
          if (cut < 0) end = Math.min(data.length, end + (sizes.next().value ?? 1));
          else if (cut > start) ends.push(cut);
          start = cut < 0 ? start : cut;
        }
        expect(ends).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});
