import { TriplicateError } from '../errors.ts';
import { open } from '../format/crypto.ts';
import { checkPackLayout, type PackEntry, parsePackHeader, readPackHeaderLength } from '../format/pack.ts';
import type { StoredFile } from '../store/store.ts';
import type { Repository } from './repository.ts';

/** What is read at first: the headers of nearly all packs fit, so that one request is enough. */
const TAIL_BYTES = 16 * 1024;
const LENGTH_BYTES = 4;

/**
 * The blobs that a pack file of the listed size holds, by its own header.
 * @throws `repo/damaged` when the header cannot be read or does not fit the size; `store/…`
 */
export async function readPackHeader(
  { store, key }: Pick<Repository, 'store' | 'key'>,
  { id, size }: StoredFile,
  signal?: AbortSignal,
): Promise<readonly PackEntry[]> {
  if (size < LENGTH_BYTES) throw new TriplicateError('repo/damaged', `Pack ${id.slice(0, 8)} is too short for a pack.`);
  const last = (length: number): Promise<Uint8Array> =>
    store.get({ type: 'data', id }, { offset: size - length, length }, signal);
  let tail = await last(Math.min(size, TAIL_BYTES));
  const length = readPackHeaderLength(tail.subarray(-LENGTH_BYTES), size);
  if (length + LENGTH_BYTES > tail.length) tail = await last(length + LENGTH_BYTES);
  const header = tail.subarray(tail.length - LENGTH_BYTES - length, tail.length - LENGTH_BYTES);
  const entries = parsePackHeader(open(key, header));
  checkPackLayout(entries, size);
  return entries;
}
