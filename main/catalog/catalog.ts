import { TriplicateError } from '../engine/errors.ts';
import {
  browse,
  type EntryInfo,
  findMoment,
  type HitInfo,
  type MomentInfo,
  momentsOf,
  type VersionInfo,
  versionsOf,
} from './answers.ts';
import { dropUnfinished } from './apply-moments.ts';
import { Database, isDamage, putAside } from './database.ts';
import { FolderPart, type StoredMoment } from './folder-part.ts';
import { type SearchQuery, search } from './search.ts';
import { type CatalogFolder, updateFolder } from './update-folder.ts';
import { Writing } from './writing.ts';

export type { EntryInfo, EntryType, HitInfo, MomentInfo, VersionInfo } from './answers.ts';
export { latin1, nameText } from './node-value.ts';
export { type ReadTrees, readTreesFrom, type TreeSource } from './read-trees.ts';
export type { SearchQuery } from './search.ts';
export type { CatalogFolder, CatalogSource } from './update-folder.ts';

/**
 * What versions of which paths exist where, in one SQLite file that can be deleted at any time: `update` builds it again.
 * It answers without a repository. One process uses it, which updates one folder at a time.
 */
export class Catalog {
  readonly #path: string;
  #database: Database;
  #writing: Promise<unknown> = Promise.resolve();
  /** Damage for which a new file was made. */
  readonly #mended = new WeakSet<object>();

  /** @param path the file; `:memory:` for none */
  constructor(path: string) {
    this.#path = path;
    this.#database = Database.open(path);
  }

  /**
   * Reads what is new of a folder at the destinations that can be asked. What failed last is returned, not thrown: what is
   * known stays an answer. @throws `cancelled`
   */
  async update(folder: CatalogFolder, signal?: AbortSignal): Promise<{ readonly failure: unknown }> {
    const before = this.#writing;
    const mine = (async () => {
      await before.catch(() => undefined);
      const database = this.#database;
      const writing = new Writing(database, signal);
      try {
        return await writing.run(() => updateFolder(database, folder, writing, signal));
      } catch (error) {
        if (isDamage(error)) throw error;
        const clearing = new Writing(database);
        const part = FolderPart.find(database, folder.folderId);
        if (part) await clearing.run(() => dropUnfinished(part, clearing));
        throw error;
      }
    })();
    this.#writing = mine;
    return mine;
  }

  /** Whether anything of the folder is known. */
  knows(folderId: string): boolean {
    return (this.#part(folderId)?.moments ?? []).length > 0;
  }

  /** All folders that have a part here, and the destinations of which something is known for them. */
  folders(): readonly { readonly id: string; readonly root: string; readonly destinationIds: readonly string[] }[] {
    const places = this.#database.all<{ folder: number; destination: string }>('SELECT folder, destination FROM place');
    return this.#database
      .all<{ number: number; id: string; root: string }>('SELECT number, id, root FROM folder')
      .map(({ number, id, root }) => ({
        id,
        root,
        destinationIds: places.filter(({ folder }) => folder === number).map(({ destination }) => destination),
      }));
  }

  /** Ids of all snapshots that are known to be at a destination. */
  snapshotsAt(destinationId: string): readonly string[] {
    const sql = 'SELECT DISTINCT id FROM snapshot WHERE destination = ?';
    return this.#database.all<{ id: string }>(sql, destinationId).map(({ id }) => id);
  }

  /** Newest first. */
  moments(folderId: string): readonly MomentInfo[] {
    const part = this.#part(folderId);
    return part ? momentsOf(part) : [];
  }

  /** A directory as it was, directories first. @throws `path/not-found`, `snapshot/not-found` */
  browse(folderId: string, momentId: string, key: string): readonly EntryInfo[] {
    return browse(this.#mustKnow(folderId), momentId, key);
  }

  /** Newest first. @throws `path/not-found` */
  versions(folderId: string, key: string): readonly VersionInfo[] {
    return versionsOf(this.#mustKnow(folderId), key);
  }

  search(folderIds: readonly string[], query: SearchQuery): { hits: readonly HitInfo[]; more: boolean } {
    const folders = folderIds.flatMap((folderId) => {
      const part = this.#part(folderId);
      return part ? [{ folderId, part }] : [];
    });
    return search(folders, query);
  }

  /** The moment of a snapshot, or the newest for `latest`. @throws `snapshot/not-found` */
  moment(folderId: string, momentId: string): StoredMoment {
    return findMoment(this.#mustKnow(folderId), momentId);
  }

  /** Forgets every folder but these. */
  async keepFolders(folderIds: readonly string[]): Promise<void> {
    const before = this.#writing;
    const mine = (async () => {
      await before.catch(() => undefined);
      const database = this.#database;
      const folders = database.all<{ id: string; number: number }>('SELECT id, number FROM folder');
      // Each as a whole: moments of which the files are gone would be taken for known when the folder comes back.
      for (const { id, number } of folders.filter((one) => !folderIds.includes(one.id)))
        await new Writing(database).run(async () => {
          FolderPart.find(database, id)?.clear();
          for (const table of ['snapshot', 'place']) database.run(`DELETE FROM ${table} WHERE folder = ?`, number);
          database.run('DELETE FROM folder WHERE number = ?', number);
        });
    })();
    this.#writing = mine;
    return mine;
  }

  /** When the error says that the file is damaged: a new one takes its place, and true means that it is to be filled. */
  recover(error: unknown): 'new' | 'not-damaged' {
    if (!isDamage(error)) return 'not-damaged';
    if (this.#mended.has(error)) return 'new';
    this.#mended.add(error);
    this.#database.close();
    if (this.#path !== ':memory:') putAside(this.#path, 'damaged');
    this.#database = Database.open(this.#path);
    return 'new';
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => undefined);
    this.#database.close();
  }

  #part(folderId: string): FolderPart | undefined {
    return FolderPart.find(this.#database, folderId, 'whole');
  }

  #mustKnow(folderId: string): FolderPart {
    const part = this.#part(folderId);
    if (part) return part;
    throw new TriplicateError('snapshot/not-found', 'Nothing is known of this folder yet.');
  }
}
