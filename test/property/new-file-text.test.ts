import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Draft, type EntryStat, entryFromStat, UNREAD_ATTRIBUTES } from '../../main/engine/backup/entry.ts';
import { type Listing, STAT_FIELDS, statAt } from '../../main/engine/backup/listing.ts';
import { NewFileText } from '../../main/engine/backup/new-file-text.ts';
import { OwnerNames } from '../../main/engine/backup/owner-names.ts';
import { StatRows } from '../../main/engine/backup/stat-rows.ts';
import { formatTime } from '../../main/engine/format/time.ts';
import { TIME_LENGTH, TimeWriter } from '../../main/engine/format/time-writer.ts';
import { encodeTree, TreeText, type TreeTextSink } from '../../main/engine/format/tree-text.ts';
import type { BlobId } from '../../main/engine/ids.ts';

/** What is written from columns is, byte for byte, what is written from nodes: else the same files would get two trees. */

/** Zones with what is odd about them: a quarter of an hour, west of UTC, a change in the middle of 2024. */
const zones: Readonly<Record<string, (ns: bigint) => number>> = {
  UTC: () => 0,
  Kathmandu: () => 345,
  changing: (ns) => (ns < 1_711_846_800_000_000_000n ? 60 : 120),
  west: (ns) => (ns < 0n ? -300 : -210),
};
/** Known ones and one without a name. */
const owners = new OwnerNames();
const ownerNumbers = [0, 1, 987_654];

const times = fc.oneof(
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.bigInt({ min: 1_600_000_000n, max: 1_800_000_000n }).map((seconds) => seconds * 1_000_000_000n),
  fc.bigInt({ min: -3n, max: 3n }).map((near) => 1_711_846_800_000_000_000n + near),
  fc.bigInt({ min: -3n, max: 1_000_000_003n }),
  fc.bigInt({ min: 1_700_000_000_000n, max: 1_700_000_100_000n }).map((ms) => ms * 1_000_000n),
);
const numbers = fc.oneof(
  fc.constantFrom(0n, 1n, 9n, 10n, 999_999_999n, 1_000_000_000n, (1n << 32n) - 1n, 1n << 32n, (1n << 53n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 53n) - 1n }),
);
const largeNumbers = fc.oneof(
  numbers,
  fc.constantFrom(1n << 53n, (1n << 53n) + 1n, (1n << 64n) - 1n),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);
const names = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 40 }),
  fc.string({ minLength: 1, maxLength: 40 }).map((text) => new Uint8Array(Buffer.from(text))),
  fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).map((text) => new Uint8Array(Buffer.from(text))),
);
const files = fc.record({
  name: names,
  permissions: fc.nat(0o7777),
  uid: fc.constantFrom(...ownerNumbers),
  gid: fc.constantFrom(...ownerNumbers),
  nlink: fc.constantFrom(0n, 1n, 2n, 70_000n),
  ino: largeNumbers,
  dev: largeNumbers,
  size: numbers,
  mtimeNs: times,
  ctimeNs: times,
  chunks: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 3 }),
});
type File = typeof files extends fc.Arbitrary<infer Value> ? Value : never;

function listingOf(chosen: readonly File[]): Listing {
  const stats = new BigInt64Array(chosen.length * STAT_FIELDS);
  const ends = new Uint32Array(chosen.length);
  let end = 0;
  for (const [position, { name, permissions, uid, gid, nlink, ino, dev, size, mtimeNs, ctimeNs }] of chosen.entries()) {
    end += name.length;
    ends[position] = end;
    const row = [BigInt(0o100000 + permissions), BigInt(uid), BigInt(gid), nlink, ino, dev, 0n, size, mtimeNs, ctimeNs];
    stats.set(row, position * STAT_FIELDS);
  }
  const bytes = Buffer.concat(chosen.map(({ name }) => name));
  return { count: chosen.length, excluded: 0, names: bytes, ends, stats, print: null };
}

/** Every third has one. */
function errorOf(position: number): string | null {
  return position % 3 === 2 ? UNREAD_ATTRIBUTES : null;
}

function inOrder(chosen: readonly File[]): File[] {
  const sorted = chosen.toSorted((a, b) => Buffer.compare(a.name, b.name));
  return sorted.filter(({ name }, n) => n === 0 || Buffer.compare(sorted[n - 1]?.name ?? name, name) !== 0);
}

it('writes files from columns as it writes their nodes', () => {
  fc.assert(
    fc.property(fc.array(files, { maxLength: 8 }), fc.constantFrom(...Object.keys(zones)), (chosen, zone) => {
      const sorted = inOrder(chosen);
      const context = { owners, utcOffsetMinutes: zones[zone] ?? (() => 0) };
      const listing = listingOf(sorted);
      const nodes = sorted.map(({ name, chunks }, position) => {
        const draft: Draft = entryFromStat(name, statAt(listing, position) as EntryStat, context);
        draft.content = chunks.map((chunk) => Buffer.from(chunk).toString('hex') as BlobId);
        const error = errorOf(position);
        if (error !== null) draft.error = error;
        return draft;
      });
      const text = new TreeText();
      const writer = new NewFileText(context);
      const rows = new StatRows(listing.stats);
      const ids = Buffer.concat([new Uint8Array(32), ...sorted.flatMap(({ chunks }) => chunks)]);
      let first = 1;
      text.begin();
      for (const [position, { chunks }] of sorted.entries()) {
        writer.write(text, listing, rows, position, { ids, first, count: chunks.length, error: errorOf(position) });
        first += chunks.length;
      }
      text.end();
      expect(text.bytes.toString()).toBe(Buffer.from(encodeTree(nodes)).toString());
    }),
    { numRuns: 2000 },
  );
});

it('writes a large tree part by part as in one go', () => {
  fc.assert(
    fc.property(fc.array(files, { minLength: 1, maxLength: 40 }), fc.nat(1000), (chosen, before) => {
      const sorted = inOrder(chosen);
      const context = { owners, utcOffsetMinutes: () => 60 };
      const listing = listingOf(sorted);
      const rows = new StatRows(listing.stats);
      const ids = Buffer.concat(sorted.flatMap(({ chunks }) => chunks));
      const writer = new NewFileText(context);
      // So that a part ends somewhere else each time.
      const long = entryFromStat(new Uint8Array(), statAt(listing, 0) as EntryStat, context) as Draft;
      long.content = new Array<BlobId>(before).fill('0'.repeat(64) as BlobId);
      const parts: Buffer[] = [];
      const write = (text: TreeText, sink?: TreeTextSink) => {
        text.begin(0, sink);
        text.node(long);
        let first = 0;
        for (const [position, { chunks }] of sorted.entries()) {
          writer.write(text, listing, rows, position, { ids, first, count: chunks.length, error: errorOf(position) });
          first += chunks.length;
        }
        text.end();
      };
      const whole = new TreeText();
      write(whole);
      const inParts = new TreeText();
      write(inParts, { part: (bytes) => parts.push(Buffer.from(bytes)) });
      expect(Buffer.compare(Buffer.concat(parts), whole.bytes)).toBe(0);
      // What comes next is a tree of its own.
      write(inParts);
      expect(Buffer.compare(inParts.bytes, whole.bytes)).toBe(0);
    }),
  );
});

it('writes times as formatTime does', () => {
  for (const zone of Object.values(zones)) {
    const writer = new TimeWriter(zone);
    fc.assert(
      fc.property(times, (ns) => {
        const stats = new BigInt64Array([ns]);
        const rows = new StatRows(stats);
        const seconds = rows.seconds(0);
        expect(BigInt(seconds) * 1_000_000_000n + BigInt(rows.nanos)).toBe(ns);
        const target = Buffer.alloc(TIME_LENGTH + 1, '#');
        const end = writer.write(target, 0, seconds, rows.nanos);
        expect(target.toString('latin1', 0, end)).toBe(formatTime(ns, zone(ns)));
      }),
      { numRuns: 2000 },
    );
  }
});

it('refuses entries that are not in order, or twice there', () => {
  const listing = listingOf(
    inOrder([{ name: new Uint8Array([97]) }, { name: new Uint8Array([98]) }].map((one) => ({ ...plain, ...one }))),
  );
  const text = new TreeText();
  const writer = new NewFileText({ owners, utcOffsetMinutes: () => 0 });
  const write = (position: number): void =>
    writer.write(text, listing, new StatRows(listing.stats), position, {
      ids: new Uint8Array(),
      first: 0,
      count: 0,
      error: null,
    });
  for (const order of [
    [1, 0],
    [0, 0],
    [1, 1],
  ]) {
    text.begin();
    write(order[0] as number);
    expect(() => write(order[1] as number)).toThrow('sorted by name');
  }
});

const plain: File = {
  name: new Uint8Array([97]),
  permissions: 0o644,
  uid: 0,
  gid: 0,
  nlink: 1n,
  ino: 1n,
  dev: 1n,
  size: 1n,
  mtimeNs: 0n,
  ctimeNs: 0n,
  chunks: [],
};
