import type { StoredPack } from '../format/index-file.ts';
import { IndexWriter } from './index-writer.ts';
import { removeFiles } from './remove-files.ts';
import type { Repository } from './repository.ts';
import { expectIndexGone } from './unlisted.ts';

/**
 * Writes index files that name these packs, durably, and only then removes the old ones (format, section 11): an
 * interruption leaves both, which says nothing wrong. When it returns, none of the old ones is there. @throws `store/…`, `cancelled`
 */
export async function replaceIndex(
  repository: Repository,
  packs: Iterable<StoredPack>,
  old: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const writer = new IndexWriter(repository);
  for (const pack of packs) writer.add(pack);
  const written = new Set<string>(await writer.flush(signal));
  const superseded = old.filter((id) => !written.has(id));
  await removeFiles(repository, 'index', superseded, signal);
  await expectIndexGone(repository, superseded, signal);
}
