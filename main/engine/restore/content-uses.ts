import type { BlobIndex } from '../repository/blob-index.ts';
import { contentLength, type MeasuredLengths } from './content.ts';
import type { EntryTable } from './entry-table.ts';
import type { LinkPlan } from './hard-links.ts';

export const WHOLE = -1;

/** Which blob stands in which file and where, in arrays of numbers: 20 bytes a use. */
export interface ContentUses {
  /** The entry of each use. */
  readonly entries: Uint32Array;
  /** The place in the file of each use; `WHOLE` for a file that has no other content. */
  readonly positions: Float64Array;
  /** The uses in the order of the places of their blobs. */
  readonly order: Uint32Array;
  /** The blob of each use, in that order. */
  readonly blobs: Uint32Array;
}

/** Whether the entry is a file that gets content of its own. */
export function isToWrite(table: EntryTable, links: LinkPlan, entry: number): boolean {
  return table.isFile(entry) && table.isWritten(entry) && !links.has(entry);
}

/** What the files have that get content of their own. */
export function collectUses(
  table: EntryTable,
  links: LinkPlan,
  index: BlobIndex,
  measured: MeasuredLengths,
): ContentUses {
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
