import { join } from 'node:path';
import { CacheFile } from '../../app/cache-file.ts';
import { cacheFolder } from '../../app/home-folder.ts';
import { type LoadedIndex, loadIndex, openSealedIndex, type Repository, sealIndex } from '../../engine/engine.ts';

/** The index as the last command left it; `loadIndex` and a backup bring it up to date. */
export async function keptIndex(repository: Repository): Promise<LoadedIndex | undefined> {
  const sealed = await fileOf(repository).read();
  return sealed && openSealedIndex(repository, sealed);
}

/** Keeps an index for the next command, unless it is the one that was kept. */
export async function keepIndex(
  repository: Repository,
  loaded: LoadedIndex | undefined,
  kept: readonly string[] | undefined,
): Promise<void> {
  if (!loaded || isSame(loaded.indexIds, kept)) return;
  const sealed = sealIndex(repository, loaded);
  if (sealed) await fileOf(repository).write(sealed);
}

/** As the engine's `loadIndex`, which reads only the index files that are new since the last command. */
export async function loadKeptIndex(
  repository: Repository,
  options: Omit<NonNullable<Parameters<typeof loadIndex>[1]>, 'known'>,
): Promise<LoadedIndex> {
  const known = await keptIndex(repository);
  const before = known?.indexIds;
  const loaded = await loadIndex(repository, { ...options, ...(known ? { known } : {}) });
  if (loaded.damaged.length === 0) await keepIndex(repository, loaded, before);
  return loaded;
}

function fileOf({ config }: Repository): CacheFile {
  return CacheFile.ofIndex(join(cacheFolder(), 'indexes'), config.id);
}

function isSame(ids: readonly string[], kept: readonly string[] | undefined): boolean {
  const known = new Set(kept);
  return kept !== undefined && ids.length === known.size && ids.every((id) => known.has(id));
}
