import { hasCode, TriplicateError } from '../errors.ts';
import { open, openInPlace, openInto } from '../format/crypto.ts';
import type { BlobType } from '../format/pack.ts';
import { decodeTree, type TreeNode } from '../format/tree.ts';
import { decompress, decompressForNow, decompressTo } from '../format/zstd.ts';
import { giveBack } from '../give-back.ts';
import type { BlobId, TreeId } from '../ids.ts';
import type { BlobIndex, BlobLocation } from './blob-index.ts';
import type { Repository } from './repository.ts';
import { hexSha256 } from './sha256.ts';

/**
 * The plaintext of a blob, its hash verified. Every place where the blob lies is tried, of a far one twice: a bit may have changed
 * on its way.
 * @throws `repo/blob-missing` when no index names it, `repo/damaged` when no copy of it is good, `store/…`
 */
export async function readBlob(
  repository: Repository,
  index: BlobIndex,
  type: BlobType,
  id: BlobId,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const places = index.lookupAll(type, id);
  if (places.length === 0) {
    throw new TriplicateError('repo/blob-missing', `Content ${id.slice(0, 8)} is not in the repository.`, {
      data: { id },
    });
  }
  let failure: unknown;
  const tries = repository.store.capabilities.remote ? [...places, ...places] : places;
  for (const place of tries) {
    try {
      const { offset, length } = place;
      const sealed = await repository.store.get({ type: 'data', id: place.packId }, { offset, length }, signal);
      return openBlob(repository, sealed, place, id);
    } catch (error) {
      if (!hasCode(error, 'repo/damaged', 'store/corrupt', 'store/not-found')) throw error;
      failure = error;
    }
  }
  throw new TriplicateError('repo/damaged', `Content ${id.slice(0, 8)} is damaged in the repository.`, {
    data: { id, packs: places.map(({ packId }) => packId) },
    cause: failure,
  });
}

/** Decrypts, decompresses and verifies one sealed blob. @throws `repo/damaged` */
export function openBlob(
  repository: Pick<Repository, 'key'>,
  sealed: Uint8Array,
  place: Pick<BlobLocation, 'uncompressedLength'>,
  id: BlobId,
): Uint8Array {
  const stored = open(repository.key, sealed);
  const { uncompressedLength } = place;
  if (uncompressedLength === 0) return assertHash(stored, id);
  const plain = decompress(stored, uncompressedLength);
  giveBack(stored);
  return assertHash(plain, id);
}

/**
 * Decompresses and verifies what an `Opener` gave, for a reader of many blobs that is done with each before the next: what is
 * given stands only until the next call. @throws `repo/damaged`
 */
export function plainForNow(
  stored: Uint8Array,
  { uncompressedLength }: Pick<BlobLocation, 'uncompressedLength'>,
  id: BlobId,
): Uint8Array {
  return assertHash(uncompressedLength > 0 ? decompressForNow(stored, uncompressedLength) : stored, id);
}

/**
 * As `openBlob`, with the plaintext at the beginning of `room`, which must have room for as much as `place` says; `sealed` is
 * overwritten.
 */
export function openBlobInto(
  repository: Pick<Repository, 'key'>,
  sealed: Uint8Array,
  place: Pick<BlobLocation, 'uncompressedLength'>,
  id: BlobId,
  room: Uint8Array,
): Uint8Array {
  const { uncompressedLength } = place;
  if (uncompressedLength === 0) return assertHash(openInto(repository.key, sealed, room), id);
  return assertHash(decompressTo(room, openInPlace(repository.key, sealed), uncompressedLength), id);
}

function assertHash(plain: Uint8Array, id: BlobId): Uint8Array {
  if (hexSha256(plain) === id) return plain;
  throw new TriplicateError('repo/damaged', `Content ${id.slice(0, 8)} does not have its own hash.`, { data: { id } });
}

/** The entries of a directory, in the order of their raw names. @throws as `readBlob` */
export async function readTree(
  repository: Repository,
  index: BlobIndex,
  id: TreeId,
  signal?: AbortSignal,
): Promise<readonly TreeNode[]> {
  return decodeTree(await readBlob(repository, index, 'tree', id, signal));
}
