import { basename } from 'node:path';
import type { HistoryFolder } from '../api/contract/history.ts';
import type { DestinationId, FolderId } from '../api/contract/values.ts';
import type { Core } from './core.ts';
import { elapsed } from './elapsed.ts';
import type { HistorySource } from './engine-link/calls.ts';
import type { Folders } from './folders.ts';
import { catalogFile } from './home-folder.ts';

/** Another program may write to a repository at any time; until then what was found last is said. */
const FRESH_MS = 30_000;
const PREFIX = 'past:';

/**
 * Folders of which destinations hold versions and that are not protected: those of an adopted repository, and those that no
 * longer are. They can be looked at and restored from. The id of one is its path, so that nothing has to be remembered.
 */
export class PastFolders {
  readonly #core: Core;
  readonly #folders: Folders;
  readonly #sources: () => readonly HistorySource[];
  #found: readonly HistoryFolder[] = [];
  #foundAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<readonly HistoryFolder[]> | undefined;

  /** @param sources the destinations that can be read now */
  constructor(core: Core, folders: Folders, sources: () => readonly HistorySource[]) {
    this.#core = core;
    this.#folders = folders;
    this.#sources = sources;
  }

  /** By path. What a destination holds that is away is known from the catalog. */
  async list(): Promise<readonly HistoryFolder[]> {
    if (elapsed(this.#core.ports.clock.now(), this.#foundAt) < FRESH_MS) return this.known();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
    return this.known();
  }

  /** The next question looks again. */
  forget(): void {
    this.#foundAt = Number.NEGATIVE_INFINITY;
  }

  /** Undefined when the id is not one of a past folder. */
  find(id: string): HistoryFolder | undefined {
    if (!id.startsWith(PREFIX)) return undefined;
    const path = Buffer.from(id.slice(PREFIX.length), 'base64url').toString('utf8');
    return this.#found.find((one) => one.id === id) ?? pastFolder(path, this.#destinations());
  }

  async #look(): Promise<readonly HistoryFolder[]> {
    const startedAt = this.#core.ports.clock.now();
    const held = await this.#core.engine.call('heldFolders', {
      catalog: catalogFile(this.#core.stateFolder),
      pastPrefix: PREFIX,
      sources: this.#sources(),
    });
    const known = new Set<string>(this.#destinations());
    this.#found = held
      .map(({ path, destinationIds }) =>
        pastFolder(path, destinationIds.filter((id) => known.has(id)) as DestinationId[]),
      )
      .filter(({ destinationIds }) => destinationIds.length > 0)
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    this.#foundAt = startedAt;
    return this.#found;
  }

  /** What was found last, without asking any destination. */
  known(): readonly HistoryFolder[] {
    const paths = new Set(this.#folders.records().map(({ path }) => path));
    return this.#found.filter(({ path }) => !paths.has(path));
  }

  #destinations(): readonly DestinationId[] {
    return this.#core.configuration.value.destinations.map(({ id }) => id);
  }
}

function pastFolder(path: string, destinationIds: readonly DestinationId[]): HistoryFolder {
  const id = `${PREFIX}${Buffer.from(path).toString('base64url')}` as FolderId;
  return { id, name: basename(path) || path, path, destinationIds: [...destinationIds] };
}
