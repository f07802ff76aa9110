import { TriplicateError } from '../errors.ts';
import type { PackId } from '../ids.ts';
import type { LoadedIndex } from './blob-index.ts';
import type { Repository } from './repository.ts';

/**
 * Looks whether every pack that the index names is there and not cut short, and sets the others aside: what was in them
 * is stored again as far as it still exists, instead of counting as stored. Gives how many.
 * @throws `repo/damaged` when none of them is there: that is rather a place that does not show its files; `store/…`
 */
export async function setLostPacksAside(
  { store }: Pick<Repository, 'store'>,
  { index }: LoadedIndex,
  signal: AbortSignal | undefined,
): Promise<number> {
  const expected = index.packFileSizes();
  if (expected.size === 0) return 0;
  const listed = new Map((await store.list('data', signal)).map(({ id, size }) => [id, size]));
  const lost: PackId[] = [];
  for (const [id, size] of expected) if ((listed.get(id) ?? 0) < size) lost.push(id);
  if (lost.length === expected.size && listed.size === 0) {
    throw new TriplicateError('repo/damaged', `None of the ${lost.length} files that hold the content is there.`, {
      hint: 'Is the place complete? Nothing was changed there. If its files are lost, start a new repository elsewhere.',
    });
  }
  index.setAside(lost);
  return lost.length;
}
