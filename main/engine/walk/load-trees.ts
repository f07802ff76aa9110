import { hasCode, throwIfCancelled, toWire, type WireError } from '../errors.ts';
import { decodeTree, type TreeNode } from '../format/tree.ts';
import type { BlobId, TreeId } from '../ids.ts';
import type { BlobIndex, BlobLocation } from '../repository/blob-index.ts';
import { openBlob, readTree } from '../repository/blob-reader.ts';
import { inParallel } from '../repository/in-parallel.ts';
import type { Repository } from '../repository/repository.ts';

/** Directories lie side by side in tree packs: reading a small gap along costs less than a second request. */
const GAP_BYTES = 64 * 1024;
const SPAN_BYTES = 4 * 1024 * 1024;

export type LoadedTree =
  | { readonly state: 'read'; readonly nodes: readonly TreeNode[] }
  | { readonly state: 'unreadable'; readonly error: WireError };

interface Span {
  readonly packId: string;
  readonly from: number;
  to: number;
  readonly trees: { readonly id: TreeId; readonly place: BlobLocation }[];
}

/**
 * Reads many directories with few requests. A directory whose first copy is bad is tried at every other place; one that
 * cannot be read is given as `unreadable` instead of ending the walk. @throws `store/…`, `cancelled`
 */
export async function loadTrees(
  repository: Repository,
  index: BlobIndex,
  ids: Iterable<TreeId>,
  signal?: AbortSignal,
): Promise<ReadonlyMap<TreeId, LoadedTree>> {
  const loaded = new Map<TreeId, LoadedTree>();
  const wanted = new Set(ids);
  await readTogether(repository, index, wanted, signal, (id, plain) => {
    loaded.set(id, { state: 'read', nodes: decodeTree(plain) });
  });
  for (const id of wanted) if (!loaded.has(id)) loaded.set(id, await loadAlone(repository, index, id, signal));
  return loaded;
}

/**
 * The plaintexts of many directories, read with few requests; those that cannot be read this way are left out. They take
 * a fifth of the memory of their entries. @throws `store/…`, `cancelled`
 */
export async function loadTreeTexts(
  repository: Repository,
  index: BlobIndex,
  ids: Iterable<TreeId>,
  signal?: AbortSignal,
): Promise<Map<TreeId, Uint8Array>> {
  const texts = new Map<TreeId, Uint8Array>();
  await readTogether(repository, index, new Set(ids), signal, (id, plain) => texts.set(id, plain));
  return texts;
}

/** Hands over every directory whose first copy is good; one that `take` refuses counts as bad. */
async function readTogether(
  repository: Repository,
  index: BlobIndex,
  ids: ReadonlySet<TreeId>,
  signal: AbortSignal | undefined,
  take: (id: TreeId, plain: Uint8Array) => void,
): Promise<void> {
  await inParallel(spansOf(index, ids), repository.store.capabilities.connections, async (span) => {
    throwIfCancelled(signal);
    const range = { offset: span.from, length: span.to - span.from };
    const bytes = await repository.store.get({ type: 'data', id: span.packId }, range, signal).catch(ignoreDamage);
    if (!bytes) return;
    for (const { id, place } of span.trees) {
      const start = place.offset - span.from;
      try {
        take(id, openBlob(repository, bytes.subarray(start, start + place.length), place, id as BlobId));
      } catch (error) {
        if (!hasCode(error, 'repo/damaged')) throw error;
      }
    }
  });
}

async function loadAlone(
  repository: Repository,
  index: BlobIndex,
  id: TreeId,
  signal: AbortSignal | undefined,
): Promise<LoadedTree> {
  try {
    return { state: 'read', nodes: await readTree(repository, index, id, signal) };
  } catch (error) {
    if (!hasCode(error, 'repo/damaged', 'repo/blob-missing')) throw error;
    return { state: 'unreadable', error: toWire(error) };
  }
}

function ignoreDamage(error: unknown): undefined {
  if (!hasCode(error, 'store/corrupt', 'store/not-found')) throw error;
}

function spansOf(index: BlobIndex, ids: ReadonlySet<TreeId>): readonly Span[] {
  const places: { id: TreeId; place: BlobLocation }[] = [];
  for (const id of ids) {
    const place = index.lookup('tree', id);
    if (place) places.push({ id, place });
  }
  places.sort((a, b) =>
    a.place.packId < b.place.packId ? -1 : a.place.packId > b.place.packId ? 1 : a.place.offset - b.place.offset,
  );
  const spans: Span[] = [];
  for (const { id, place } of places) {
    const last = spans.at(-1);
    const end = place.offset + place.length;
    if (last?.packId === place.packId && place.offset - last.to <= GAP_BYTES && end - last.from <= SPAN_BYTES) {
      last.to = Math.max(last.to, end);
      last.trees.push({ id, place });
    } else {
      spans.push({ packId: place.packId, from: place.offset, to: end, trees: [{ id, place }] });
    }
  }
  return spans;
}
