import type { BlobId, PackId } from '../ids.ts';
import type { BlobIndex, BlobLocation } from '../repository/blob-index.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import type { PlannedEntry } from './request.ts';

/** One read of a pack and all that it serves. */
export interface PackRead {
  readonly packId: PackId;
  readonly offset: number;
  readonly length: number;
  readonly blobs: readonly WantedBlob[];
}

export interface WantedBlob {
  readonly id: BlobId;
  readonly place: BlobLocation;
  /** Files (by number) and the places in them. */
  readonly uses: readonly BlobUse[];
}

export interface BlobUse {
  readonly file: number;
  readonly at: number;
}

/** A gap up to this size is read along; another request would cost more. */
const GAP_BYTES = 256 * 1024;
/** The most that one read takes, unless a single blob is larger. */
export const READ_BYTES = 4 * 1024 * 1024;

/**
 * Orders the reading by where the content lies, so that every pack is read once, front to back, whatever the order of
 * files. `files`: those to be written; files without content are not named by any read. What is needed is kept in
 * arrays of numbers, 20 bytes a use; each read is made when its turn comes.
 */
export function* planReads(
  files: readonly PlannedEntry[],
  index: BlobIndex,
  measured: MeasuredLengths,
): Generator<PackRead> {
  const uses = collectUses(files, index, measured);
  const order = uses.blob.map((_, use) => use);
  order.sort((a, b) => index.compareByPlace(uses.blob[a] ?? 0, uses.blob[b] ?? 0));
  let read: { packId: PackId; offset: number; length: number; blobs: WantedBlob[] } | undefined;
  for (let next = 0; next < order.length; ) {
    const number = uses.blob[order[next] ?? 0] ?? 0;
    const { id, ...place } = index.blobAt(number);
    const usesOfBlob: BlobUse[] = [];
    for (; next < order.length && uses.blob[order[next] ?? 0] === number; next++) {
      const use = order[next] ?? 0;
      usesOfBlob.push({ file: uses.file[use] ?? 0, at: uses.at[use] ?? 0 });
    }
    const blob = { id, place, uses: usesOfBlob };
    const { packId, offset, length } = place;
    const end = read ? read.offset + read.length : 0;
    if (read?.packId === packId && offset - end <= GAP_BYTES && offset + length - read.offset <= READ_BYTES) {
      read.length = Math.max(read.length, offset + length - read.offset);
      read.blobs.push(blob);
    } else {
      if (read) yield read;
      read = { packId, offset, length, blobs: [blob] };
    }
  }
  if (read) yield read;
}

/** Which blob (by its number in the index) stands in which file (by number) and where. */
interface Uses {
  readonly blob: Uint32Array;
  readonly file: Uint32Array;
  readonly at: Float64Array;
}

function collectUses(files: readonly PlannedEntry[], index: BlobIndex, measured: MeasuredLengths): Uses {
  const count = files.reduce((sum, { node }) => sum + (node.content?.length ?? 0), 0);
  const uses: Uses = { blob: new Uint32Array(count), file: new Uint32Array(count), at: new Float64Array(count) };
  let use = 0;
  for (const [file, { node }] of files.entries()) {
    let at = 0;
    for (const id of node.content ?? []) {
      const number = index.numberOf('data', id);
      if (number === -1) continue;
      uses.blob[use] = number;
      uses.file[use] = file;
      uses.at[use++] = at;
      at += contentLength(index, id, measured) ?? 0;
    }
  }
  return { blob: uses.blob.subarray(0, use), file: uses.file, at: uses.at };
}
