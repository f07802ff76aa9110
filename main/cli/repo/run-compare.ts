import {
  countRestored,
  countStored,
  diffTrees,
  findSnapshot,
  fitsFilter,
  listSnapshots,
  pathText,
  type TreeChange,
  type TreeNode,
} from '../../engine/engine.ts';
import { loadKeptIndex } from './cached-index.ts';
import { type FilterOptions, filterOf, nameUnreadable } from './run-reading.ts';
import { counted, type ExitCode, type RepoSession, sizeText } from './session.ts';

/** As `restic diff`: + added, - removed, M other content, T other type, U (with `--metadata`) other mode, owner or time. */
export async function runDiff(
  session: RepoSession,
  from: string,
  to: string,
  options: { readonly metadata?: boolean },
): Promise<ExitCode> {
  const repository = await session.openRepository();
  const before = await findSnapshot(repository, from, {}, session.signal);
  const after = await findSnapshot(repository, to, {}, session.signal);
  const { index } = await loadKeptIndex(repository, { signal: session.signal });
  const added = { files: 0, dirs: 0, others: 0 };
  const removed = { files: 0, dirs: 0, others: 0 };
  let changed = 0;
  const tell = (change: TreeChange): void => {
    const node = (change.after ?? change.before) as TreeNode;
    const modifier = modifierOf(change);
    if (change.kind === 'added') added[kindOf(node)]++;
    else if (change.kind === 'removed') removed[kindOf(node)]++;
    else if (modifier === 'M') changed++;
    if (modifier === 'U' && !options.metadata) return;
    const path = `${pathText(change.path)}${node.type === 'dir' ? '/' : ''}`;
    session.say(`${modifier.padEnd(5)}${path}`);
    session.json({ message_type: 'change', path, modifier });
  };
  const { tree: old } = before.snapshot;
  const { tree: now } = after.snapshot;
  await diffTrees(repository, index, old, now, tell, session.signal);
  session.json({
    message_type: 'statistics',
    source_snapshot: before.id,
    target_snapshot: after.id,
    changed_files: changed,
    added,
    removed,
  });
  session.say('');
  session.say(`Files:  ${added.files} new, ${removed.files} removed, ${changed} changed`);
  session.say(`Dirs:   ${added.dirs} new, ${removed.dirs} removed`);
  session.say(`Others: ${added.others} new, ${removed.others} removed`);
  return 0;
}

function modifierOf({ kind, before, after }: TreeChange): '+' | '-' | 'M' | 'T' | 'U' {
  if (kind !== 'changed') return kind === 'added' ? '+' : '-';
  if (before?.type !== after?.type) return 'T';
  const same = (before?.content ?? []).join() === (after?.content ?? []).join();
  return after?.type === 'file' && !same ? 'M' : 'U';
}

function kindOf({ type }: TreeNode): 'files' | 'dirs' | 'others' {
  return type === 'file' ? 'files' : type === 'dir' ? 'dirs' : 'others';
}

export interface StatsOptions extends FilterOptions {
  readonly mode: 'restore-size' | 'raw-data';
}

/** As `restic stats`: what restores of the chosen snapshots would make, or what is stored for them. */
export async function runStats(
  session: RepoSession,
  wanted: readonly string[],
  options: StatsOptions,
): Promise<ExitCode> {
  const repository = await session.openRepository();
  const { signal } = session;
  const filter = filterOf(options);
  const { snapshots, unreadable } =
    wanted.length > 0
      ? {
          snapshots: await Promise.all(wanted.map((id) => findSnapshot(repository, id, filter, signal))),
          unreadable: [],
        }
      : await listSnapshots(repository, signal);
  const listed = wanted.length > 0 ? snapshots : snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filter));
  const trees = listed.flatMap(({ snapshot }) => snapshot.tree ?? []);
  const { index } = await loadKeptIndex(repository, { signal });
  session.say(`${counted(listed.length, 'snapshot')}`);
  if (options.mode === 'raw-data') {
    const { blobs, bytes, plainBytes } = await countStored(repository, index, trees, signal);
    session.json({
      total_size: bytes,
      total_uncompressed_size: plainBytes,
      compression_ratio: bytes === 0 ? 1 : plainBytes / bytes,
      total_blob_count: blobs,
      snapshots_count: listed.length,
    });
    session.say(`${counted(blobs, 'blob')}, ${sizeText(bytes)} stored, ${sizeText(plainBytes)} uncompressed`);
    return nameUnreadable(unreadable);
  }
  let entries = 0;
  let bytes = 0;
  for (const tree of trees) {
    const restored = await countRestored(repository, index, tree, signal);
    entries += restored.entries;
    bytes += restored.bytes;
  }
  session.json({ total_size: bytes, total_file_count: entries, snapshots_count: listed.length });
  session.say(`${entries} ${entries === 1 ? 'entry' : 'entries'}, ${sizeText(bytes)} when restored`);
  return nameUnreadable(unreadable);
}
