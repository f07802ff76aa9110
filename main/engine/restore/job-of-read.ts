import type { BlobIndex } from '../repository/blob-index.ts';
import { firstUse, type PackRead } from './jobs.ts';
import type { PathBytes, RestoreJob } from './restore-messages.ts';
import type { TargetPaths } from './target-paths.ts';

const ID_BYTES = 32;
const NOTHING = { ids: new Uint8Array(0), bytes: new Uint8Array(0), columns: new Uint32Array(0) };

/**
 * What a worker is to do with what was read.
 * @param bytes the content of the pack from `read.offset` on
 * @param choose whether a use of a blob is wanted still
 */
export function jobOf(
  read: PackRead,
  bytes: Uint8Array,
  index: BlobIndex,
  paths: TargetPaths,
  choose: (entry: number, position: number) => 'take' | 'leave out',
): RestoreJob {
  const count = read.blobs.length;
  const job = {
    bytes,
    form: 'sealed' as const,
    ids: new Uint8Array(count * ID_BYTES),
    starts: new Uint32Array(count),
    lengths: new Uint32Array(count),
    uncompressedLengths: new Uint32Array(count),
    useEnds: new Uint32Array(count),
  };
  // Copies: of a view, all that is behind it would be cloned.
  const entries = read.entries.slice();
  const positions = read.positions.slice();
  const longPaths = new Map<number, PathBytes>();
  let uses = 0;
  for (let blob = 0; blob < count; blob++) {
    const number = read.blobs[blob] as number;
    const { offset, length, uncompressedLength } = index.placeAt(number);
    job.ids.set(index.idBytesAt(number), blob * ID_BYTES);
    job.starts[blob] = offset - read.offset;
    job.lengths[blob] = length;
    job.uncompressedLengths[blob] = uncompressedLength;
    const end = read.useEnds[blob] as number;
    for (let use = firstUse(read, blob); use < end; use++) {
      const entry = read.entries[use] as number;
      const position = read.positions[use] as number;
      if (choose(entry, position) === 'leave out') continue;
      if (paths.isLong(entry)) longPaths.set(entry, paths.of(entry).toString('latin1'));
      entries[uses] = entry;
      positions[uses++] = position;
    }
    job.useEnds[blob] = uses;
  }
  return {
    ...job,
    entries: uses < entries.length ? entries.slice(0, uses) : entries,
    positions: uses < positions.length ? positions.slice(0, uses) : positions,
    empty: NOTHING.columns,
    longPaths,
  };
}

/** Files without content. */
export function jobWithout(entries: readonly number[], paths: TargetPaths): RestoreJob {
  const longPaths = new Map<number, PathBytes>();
  for (const entry of entries) if (paths.isLong(entry)) longPaths.set(entry, paths.of(entry).toString('latin1'));
  return {
    bytes: NOTHING.bytes,
    form: 'sealed',
    ids: NOTHING.ids,
    starts: NOTHING.columns,
    lengths: NOTHING.columns,
    uncompressedLengths: NOTHING.columns,
    useEnds: NOTHING.columns,
    entries: NOTHING.columns,
    positions: new Float64Array(0),
    empty: Uint32Array.from(entries),
    longPaths,
  };
}
