import { TriplicateError } from '../errors.ts';
import { seal } from '../format/crypto.ts';
import type { IndexedPack } from '../format/index-file.ts';
import type { PackEntry } from '../format/pack.ts';
import { compress } from '../format/zstd.ts';
import { BlobIndex } from '../repository/blob-index.ts';
import { BlobPacker, type SealedBlob } from '../repository/blob-packer.ts';
import { openBlob, readBlob } from '../repository/blob-reader.ts';
import type { Repository } from '../repository/repository.ts';
import { BlobSet } from '../walk/blob-set.ts';
import type { PrunePlan } from './plan.ts';
import { readStretch, spanOf } from './span.ts';

/**
 * Copies the used blobs of the packs to be rewritten into new packs, each verified on the way. Gives the new packs,
 * durably stored and not yet in any index. @throws `repo/damaged` when a blob cannot be read: nothing was deleted yet.
 */
export async function repack(
  repository: Repository,
  plan: PrunePlan,
  onPack: (done: number) => void,
  signal: AbortSignal,
): Promise<readonly IndexedPack[]> {
  const packer = new BlobPacker(repository, signal);
  const copied = new BlobSet();
  for (const [number, pack] of plan.repack.entries()) {
    const wanted = pack.blobs.filter(({ type, id }) => plan.copy.has(type, id) && copied.add(type, id) === 'added');
    if (wanted.length > 0) {
      const span = spanOf(wanted);
      const bytes = await readStretch(repository, pack, span, signal);
      for (const blob of wanted) {
        const start = blob.offset - span.offset;
        // A disk that fails at one place gives the others.
        const sealed =
          bytes?.subarray(start, start + blob.length) ?? (await readStretch(repository, pack, blob, signal));
        const copy = sealed
          ? verified(repository, plan, blob, sealed, signal)
          : fromAnyPack(repository, plan, blob, signal);
        await packer.add(await copy);
      }
    }
    onPack(number + 1);
  }
  return packer.finish();
}

/** The blob as it is to be stored; when this copy is bad, another one of the packs at hand is looked for. */
async function verified(
  repository: Repository,
  plan: PrunePlan,
  blob: PackEntry,
  sealed: Uint8Array,
  signal: AbortSignal,
): Promise<SealedBlob> {
  try {
    const plain = openBlob(repository, sealed, blob, blob.id);
    if (plain.length === 0) throw new TriplicateError('repo/damaged', 'A stored blob is empty.');
    const mustCompress = blob.type === 'tree' && blob.uncompressedLength === 0 && repository.config.version >= 2;
    return mustCompress ? sealedAnew(repository, blob, plain) : { ...blob, sealed };
  } catch (error) {
    if (!(error instanceof TriplicateError)) throw error;
    return fromAnyPack(repository, plan, blob, signal);
  }
}

/** From whichever pack has it whole. @throws `repo/damaged` */
async function fromAnyPack(
  repository: Repository,
  plan: PrunePlan,
  blob: Pick<PackEntry, 'type' | 'id'>,
  signal: AbortSignal,
): Promise<SealedBlob> {
  const all = new BlobIndex();
  for (const pack of [...plan.repack, ...plan.remove, ...plan.keep, ...plan.doubled]) {
    if (pack.blobs.some(({ type, id }) => type === blob.type && id === blob.id)) all.addPack(pack);
  }
  return sealedAnew(repository, blob, await readBlob(repository, all, blob.type, blob.id, signal));
}

function sealedAnew(
  repository: Repository,
  { type, id }: Pick<PackEntry, 'type' | 'id'>,
  plain: Uint8Array,
): SealedBlob {
  const raw = repository.config.version < 2;
  const sealed = seal(repository.key, repository.host.random(16), raw ? plain : compress(plain));
  return { type, id, sealed, uncompressedLength: raw ? 0 : plain.length };
}
