import type { PackId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import type { ContentUses } from './content-uses.ts';

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
  /** The place in the file of each use, see `ContentUses`. */
  readonly positions: Float64Array;
}

/** A gap up to this size is read along; another request would cost more. */
const GAP_BYTES = 256 * 1024;
/** The most that one read takes, unless a single blob is larger. */
export const READ_BYTES = 4 * 1024 * 1024;

/**
 * Orders the reading by where the content lies, so that every pack is read once, front to back, whatever the order of
 * files. Files without content are not named by any read. Each read is made when its turn comes.
 */
export function* planReads(uses: ContentUses, index: BlobIndex): Generator<PackRead> {
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

function readOf(
  { entries, positions, order, blobs }: ContentUses,
  from: number,
  to: number,
  index: BlobIndex,
): PackRead {
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
