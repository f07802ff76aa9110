import { createHash } from 'node:crypto';
import { applyMoments } from '../../main/catalog/apply-moments.ts';
import type { Database } from '../../main/catalog/database.ts';
import { FolderPart } from '../../main/catalog/folder-part.ts';
import type { CatalogNode } from '../../main/catalog/node-value.ts';
import { Writing } from '../../main/catalog/writing.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import type { BlobId, TreeId } from '../../main/engine/ids.ts';

/** What a folder holds: by its path (latin1 of raw bytes, with `/`) the content and the time of each file. */
export type FolderState = Readonly<Record<string, { readonly content: string; readonly mtime: number }>>;

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Trees without a repository: a folder's states become directories, read by id. */
export class TreeWorld {
  readonly #trees = new Map<string, readonly CatalogNode[]>();
  /** How many directories were read. */
  reads = 0;

  /** The root tree's id of this state. */
  add(state: FolderState): string {
    return this.#directory(Object.entries(state).map(([path, value]) => ({ names: path.split('/'), value })));
  }

  /** Directories that no longer exist anywhere. */
  lose(tree: string): void {
    this.#trees.delete(tree);
  }

  readonly read = async (ids: readonly string[]): Promise<ReadonlyMap<string, readonly CatalogNode[]>> => {
    this.reads += ids.length;
    return new Map(
      ids.map((id) => {
        const nodes = this.#trees.get(id);
        if (!nodes) throw new TriplicateError('repo/blob-missing', `no tree ${id}`);
        return [id, nodes];
      }),
    );
  };

  #directory(below: readonly { readonly names: readonly string[]; readonly value: FolderState[string] }[]): string {
    const byName = Map.groupBy(below, ({ names }) => names[0] ?? '');
    const nodes = [...byName].map(([name, entries]): CatalogNode => {
      const [only] = entries;
      const common = { name: Buffer.from(name, 'latin1'), mtime: { ns: 0n } };
      if (only?.names.length === 1) {
        const { content, mtime } = only.value;
        const blobs = content === '' ? [] : [sha(content) as BlobId];
        return {
          ...common,
          type: 'file',
          size: content.length,
          content: blobs,
          mtime: { ns: BigInt(mtime) * 1_000_000n },
        };
      }
      const subtree = this.#directory(entries.map(({ names, value }) => ({ names: names.slice(1), value }))) as TreeId;
      return { ...common, type: 'dir', size: 0, content: null, subtree };
    });
    nodes.sort((a, b) => Buffer.compare(a.name, b.name));
    const id = sha(JSON.stringify(nodes, (_, value) => (typeof value === 'bigint' ? String(value) : value)));
    this.#trees.set(id, nodes);
    return id;
  }
}

export interface FakeSnapshot {
  readonly destination: string;
  readonly id: string;
  readonly time: number;
  readonly tree: string;
}

/** Makes these the folder's snapshots and brings its moments up to them. */
export async function applySnapshots(
  database: Database,
  folderId: string,
  snapshots: readonly FakeSnapshot[],
  world: TreeWorld,
): Promise<FolderPart> {
  const part = FolderPart.open(database, folderId, `/${folderId}`);
  const kept = new Set(snapshots.map(({ destination, id }) => `${destination} ${id}`));
  const known = database.all<{ destination: string; id: string }>(
    'SELECT destination, id FROM snapshot WHERE folder = ?',
    part.number,
  );
  for (const { destination, id } of known.filter((one) => !kept.has(`${one.destination} ${one.id}`)))
    database.run('DELETE FROM snapshot WHERE folder = ? AND destination = ? AND id = ?', part.number, destination, id);
  for (const { destination, id, time, tree } of snapshots)
    database.run(
      'INSERT OR IGNORE INTO snapshot VALUES (?, ?, ?, ?, ?, NULL)',
      ...[part.number, destination, id, time, tree],
    );
  const writing = new Writing(database);
  await writing.run(() => applyMoments(part, world.read, writing));
  return part;
}
