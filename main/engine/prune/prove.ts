import { hasCode } from '../errors.ts';
import type { IndexedPack } from '../format/index-file.ts';
import type { PackEntry } from '../format/pack.ts';
import type { PackId } from '../ids.ts';
import { openBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from '../walk/blob-set.ts';
import type { PrunePlan } from './plan.ts';
import { readStretch, spanOf } from './span.ts';

/**
 * Reads what stays of content that was stored twice, before the other copy goes: the index says that there are two, not that both
 * are whole. Gives the packs that are to stay and hold something that is not as it should be.
 * @throws `store/…`, but for what is missing or cut short
 */
export async function findBadPacks(
  repository: Repository,
  { prove, keep }: Pick<PrunePlan, 'prove' | 'keep'>,
  signal: AbortSignal,
): Promise<readonly PackId[]> {
  if (prove.size === 0) return [];
  const proven = new BlobSet();
  const bad: PackId[] = [];
  for (const pack of keep) {
    const wanted = pack.blobs.filter(({ type, id }) => prove.has(type, id) && !proven.has(type, id));
    if (wanted.length === 0) continue;
    const whole = await wholeOf(repository, pack, wanted, signal);
    for (const { type, id } of whole) proven.add(type, id);
    if (whole.length < wanted.length) bad.push(pack.id);
  }
  return bad;
}

/** Those that have their hash in this pack. */
async function wholeOf(
  repository: Repository,
  pack: IndexedPack,
  wanted: readonly PackEntry[],
  signal: AbortSignal,
): Promise<readonly PackEntry[]> {
  const span = spanOf(wanted);
  const bytes = await readStretch(repository, pack, span, signal);
  if (!bytes) return [];
  return wanted.filter((blob) => isWhole(repository, blob, bytes.subarray(blob.offset - span.offset)));
}

function isWhole(repository: Repository, blob: PackEntry, bytes: Uint8Array): boolean {
  try {
    openBlob(repository, bytes.subarray(0, blob.length), blob, blob.id);
    return true;
  } catch (error) {
    if (!hasCode(error, 'repo/damaged')) throw error;
    return false;
  }
}
