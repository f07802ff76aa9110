import type { PackId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import type { EntryTable } from './entry-table.ts';
import type { LinkPlan } from './hard-links.ts';

/** One read of a pack and all that it serves. */
export interface PackRead {
  readonly packId: PackId;
  readonly offset: number;
  readonly length: number;
  /** By their numbers in the index, in the order of their places. */
  readonly blobs: Uint32Array;
  /** How many uses the blobs have up to and with each. */
  readonly useEnds: Uint32Array;
  /** The entry of each use. */
  readonly entries: Uint32Array;
  /** The place in the file of each use; `WHOLE` for a file that has no other content. */
  readonly positions: Float64Array;
}

export const WHOLE = -1;

/** A gap up to this size is read along; another request would cost more. */
const GAP_BYTES = 256 * 1024;
/** The most that one read takes, unless a single blob is larger. */
export const READ_BYTES = 4 * 1024 * 1024;

/** Whether the entry is a file that gets content of its own. */
export function isToWrite(table: EntryTable, links: LinkPlan, entry: number): boolean {
  return table.isFile(entry) && table.isWritten(entry) && !links.has(entry);
}

/**
 * Orders the reading by where the content lies, so that every pack is read once, front to back, whatever the order of
 * files. Files without content are not named by any read. What is needed is kept in arrays of numbers, 20 bytes a use; each
 * read is made when its turn comes.
 */
export function* planReads(
  table: EntryTable,
  links: LinkPlan,
  index: BlobIndex,
  measured: MeasuredLengths,
): Generator<PackRead> {
  const uses = collectUses(table, links, index, measured);
  const { blobs, order } = uses;
  let first = 0;
  let end = 0;
  for (let next = 0; next < order.length; ) {
    const place = index.placeAt(blobs[next] as number);
    let last = next + 1;
    while (last < order.length && blobs[last] === blobs[next]) last++;
    const start = index.placeAt(blobs[first] as number);
    const isNear = place.packId === start.packId && place.offset - end <= GAP_BYTES;
    if (next > first && !(isNear && place.offset + place.length - start.offset <= READ_BYTES)) {
      yield readOf(uses, first, next, index);
      first = next;
      end = 0;
    }
    end = Math.max(end, place.offset + place.length);
    next = last;
  }
  if (order.length > first) yield readOf(uses, first, order.length, index);
}

/** The read of one blob of a read alone. */
export function readOfOne(read: PackRead, position: number, index: BlobIndex): PackRead {
  const from = firstUse(read, position);
  const to = read.useEnds[position] as number;
  const { packId, offset, length } = index.placeAt(read.blobs[position] as number);
  return {
    packId,
    offset,
    length,
    blobs: read.blobs.slice(position, position + 1),
    useEnds: Uint32Array.of(to - from),
    entries: read.entries.slice(from, to),
    positions: read.positions.slice(from, to),
  };
}

/** Where the uses of the blob at this position begin. */
export function firstUse({ useEnds }: Pick<PackRead, 'useEnds'>, position: number): number {
  return position === 0 ? 0 : (useEnds[position - 1] as number);
}

/** Which blob stands in which file and where. */
interface Uses {
  readonly entries: Uint32Array;
  readonly positions: Float64Array;
  /** The uses in the order of the places of their blobs. */
  readonly order: Uint32Array;
  /** The blob of each use, in that order. */
  readonly blobs: Uint32Array;
}

function readOf({ entries, positions, order, blobs }: Uses, from: number, to: number, index: BlobIndex): PackRead {
  const read = {
    blobs: new Uint32Array(to - from),
    useEnds: new Uint32Array(to - from),
    entries: new Uint32Array(to - from),
    positions: new Float64Array(to - from),
  };
  let count = 0;
  for (let next = from; next < to; next++) {
    const use = order[next] as number;
    if (next === from || blobs[next] !== blobs[next - 1]) read.blobs[count++] = blobs[next] as number;
    read.useEnds[count - 1] = next - from + 1;
    read.entries[next - from] = entries[use] as number;
    read.positions[next - from] = positions[use] as number;
  }
  const start = index.placeAt(blobs[from] as number);
  let end = 0;
  for (const blob of read.blobs.subarray(0, count)) {
    const { offset, length } = index.placeAt(blob);
    end = Math.max(end, offset + length);
  }
  return {
    ...read,
    blobs: read.blobs.subarray(0, count),
    useEnds: read.useEnds.subarray(0, count),
    packId: start.packId,
    offset: start.offset,
    length: end - start.offset,
  };
}

function collectUses(table: EntryTable, links: LinkPlan, index: BlobIndex, measured: MeasuredLengths): Uses {
  let count = 0;
  for (let entry = 0; entry < table.count; entry++) {
    if (isToWrite(table, links, entry)) count += table.contentCount(entry);
  }
  const entries = new Uint32Array(count);
  const positions = new Float64Array(count);
  const keys = new UseKeys(count);
  let use = 0;
  for (let entry = 0; entry < table.count; entry++) {
    if (!isToWrite(table, links, entry)) continue;
    const end = table.contentEnds[entry] as number;
    const isWhole = table.contentCount(entry) === 1;
    let at = 0;
    for (let place = table.contentStart(entry); place < end; place++) {
      const blob = table.content[place] as number;
      keys.set(use, blob);
      entries[use] = entry;
      positions[use++] = isWhole ? WHOLE : at;
      at += contentLength(index, blob, measured);
    }
  }
  return { entries, positions, ...keys.sorted(index) };
}

/** Numbers of uses to be ordered by their blobs: sorted as numbers of 64 bits, the blob in the upper half. */
class UseKeys {
  readonly #keys: BigUint64Array;
  /** The same memory, the lower half first, as on every machine that Node runs on. */
  readonly #halves: Uint32Array;

  constructor(count: number) {
    this.#keys = new BigUint64Array(count);
    this.#halves = new Uint32Array(this.#keys.buffer);
  }

  set(use: number, blob: number): void {
    this.#halves[use * 2] = use;
    this.#halves[use * 2 + 1] = blob;
  }

  /** By the places of the blobs, which mostly have their numbers in this order already. */
  sorted(index: BlobIndex): { readonly order: Uint32Array; readonly blobs: Uint32Array } {
    this.#keys.sort();
    const halves = this.#halves;
    const count = this.#keys.length;
    const order = new Uint32Array(count);
    const blobs = new Uint32Array(count);
    let isOrdered = true;
    for (let next = 0; next < count; next++) {
      order[next] = halves[next * 2] as number;
      blobs[next] = halves[next * 2 + 1] as number;
      if (next > 0 && isOrdered)
        isOrdered = index.compareByPlace(blobs[next - 1] as number, blobs[next] as number) <= 0;
    }
    if (isOrdered) return { order, blobs };
    const places = Uint32Array.from(order, (_, next) => next);
    places.sort((a, b) => index.compareByPlace(blobs[a] as number, blobs[b] as number));
    return {
      order: places.map((next) => order[next] as number),
      blobs: places.map((next) => blobs[next] as number),
    };
  }
}
