import type { BlobId, PackId } from '../ids.ts';
import type { BlobIndex, BlobLocation } from '../repository/blob-index.ts';
import { contentLength } from './content.ts';
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
const READ_BYTES = 8 * 1024 * 1024;

/**
 * Orders the reading by where the content lies, so that every pack is read once, front to back, whatever the order of
 * files. `files`: those to be written; files without content are not named by any read.
 */
export function planReads(files: readonly PlannedEntry[], index: BlobIndex): readonly PackRead[] {
  const wanted = new Map<BlobId, { place: BlobLocation; uses: BlobUse[] }>();
  for (const [file, { node }] of files.entries()) {
    let at = 0;
    for (const id of node.content ?? []) {
      let blob = wanted.get(id);
      if (!blob) {
        const place = index.lookup('data', id);
        if (!place) continue;
        blob = { place, uses: [] };
        wanted.set(id, blob);
      }
      blob.uses.push({ file, at });
      at += contentLength(index, id) ?? 0;
    }
  }
  const blobs = [...wanted].map(([id, { place, uses }]): WantedBlob => ({ id, place, uses }));
  blobs.sort((a, b) => compare(a.place.packId, b.place.packId) || a.place.offset - b.place.offset);
  const reads: { packId: PackId; offset: number; length: number; blobs: WantedBlob[] }[] = [];
  for (const blob of blobs) {
    const { packId, offset, length } = blob.place;
    const last = reads.at(-1);
    const end = last ? last.offset + last.length : 0;
    if (last?.packId === packId && offset - end <= GAP_BYTES && offset + length - last.offset <= READ_BYTES) {
      last.length = Math.max(last.length, offset + length - last.offset);
      last.blobs.push(blob);
    } else {
      reads.push({ packId, offset, length, blobs: [blob] });
    }
  }
  return reads;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
