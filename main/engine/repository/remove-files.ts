import { hasCode } from '../errors.ts';
import type { FileType } from '../store/store.ts';
import { inParallel } from './in-parallel.ts';
import type { Repository } from './repository.ts';

/** Removes files of one room; one that is gone already is fine. @throws `store/…` */
export async function removeFiles(
  { store }: Pick<Repository, 'store'>,
  type: FileType,
  ids: Iterable<string>,
  signal: AbortSignal,
): Promise<void> {
  await inParallel(ids, store.capabilities.connections, async (id) => {
    try {
      await store.remove({ type, id }, signal);
    } catch (error) {
      if (!hasCode(error, 'store/not-found')) throw error;
    }
  });
}
