import { resolve } from 'node:path';
import {
  compileFind,
  dumpFile,
  findEntry,
  findSnapshot,
  fitsFilter,
  listSnapshots,
  type PathSegments,
  pathText,
  type SnapshotFilter,
  type SnapshotList,
  type StoredSnapshot,
  type TreeNode,
  walkTree,
} from '../../engine/engine.ts';
import { fromWire } from '../../engine/errors.ts';
import { loadKeptIndex } from './cached-index.ts';
import { counted, type ExitCode, type RepoSession, sizeText } from './session.ts';
import { warn } from './terminal.ts';

export interface FilterOptions {
  readonly host?: readonly string[];
  readonly path?: readonly string[];
  readonly tag?: readonly string[];
}

/** As restic: `--tag a,b` asks for both, a second `--tag` for another choice; paths are made absolute. */
export function filterOf({ host = [], path = [], tag = [] }: FilterOptions): SnapshotFilter {
  const tags = tag.map((list) => list.split(',').map((one) => one.trim()));
  return { hostnames: host, paths: path.map((one) => resolve(one)), tags };
}

/** A snapshot as restic's `snapshots --json` shows it. */
export function snapshotJson({ id, snapshot }: StoredSnapshot): Record<string, unknown> {
  const { time, tree, parent, paths, hostname, username, uid, gid, tags, excludes } = snapshot;
  return {
    time: time.text,
    parent,
    tree,
    paths,
    hostname,
    username,
    uid,
    gid,
    excludes,
    tags,
    id,
    short_id: id.slice(0, 8),
  };
}

export async function listSnapshotsOf(session: RepoSession, options: FilterOptions): Promise<ExitCode> {
  const repository = await session.openRepository();
  const { snapshots, unreadable } = await listSnapshots(repository, session.signal);
  const shown = snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filterOf(options)));
  session.json(shown.map(snapshotJson));
  for (const { id, snapshot } of shown) {
    const tags = snapshot.tags?.length ? `  [${snapshot.tags.join(', ')}]` : '';
    session.say(
      `${id.slice(0, 8)}  ${snapshot.time.text}  ${snapshot.hostname ?? ''}  ${snapshot.paths.join(' ')}${tags}`,
    );
  }
  session.say(counted(shown.length, 'snapshot'));
  return nameUnreadable(unreadable);
}

/** What is told of all snapshots is not told of these: names them and gives the exit code. */
export function nameUnreadable(unreadable: SnapshotList['unreadable']): ExitCode {
  for (const { id, error } of unreadable) {
    warn(`Snapshot ${id.slice(0, 8)} cannot be read: ${error.message}`);
  }
  return unreadable.length > 0 ? 1 : 0;
}

export async function listEntries(
  session: RepoSession,
  wanted: string,
  directory: string | undefined,
  options: { readonly long?: boolean },
): Promise<ExitCode> {
  const repository = await session.openRepository();
  const stored = await findSnapshot(repository, wanted, {}, session.signal);
  const { index } = await loadKeptIndex(repository, { signal: session.signal });
  const { tree } = stored.snapshot;
  const names = (directory ?? '').split('/').filter(Boolean);
  const prefix = names.map((name) => `/${name}`).join('');
  const top = prefix === '' ? undefined : await findEntry(repository, index, tree, prefix, session.signal);
  session.json({ ...snapshotJson(stored), struct_type: 'snapshot' });
  const show = (path: string, node: TreeNode): void => {
    session.json(nodeJson(path, node));
    session.say(options.long ? longLine(path, node) : path);
  };
  if (top) show(prefix, top);
  const root = top ? top.subtree : tree;
  let unreadable = 0;
  if (root) {
    const visitor = {
      entry: (path: PathSegments, node: TreeNode) => {
        show(prefix + pathText(path), node);
        return 'descend' as const;
      },
      unreadable: (path: PathSegments, _tree: string, error: Parameters<typeof fromWire>[0]) => {
        if (path.length === 0) throw fromWire(error);
        unreadable++;
        warn(`${prefix}${pathText(path)} cannot be read: ${error.message}`);
      },
    };
    await walkTree(repository, index, root, visitor, session.signal);
  }
  return unreadable > 0 ? 1 : 0;
}

function nodeJson(path: string, node: TreeNode): Record<string, unknown> {
  const { type, uid, gid, mode, mtime, atime, ctime } = node;
  return {
    name: Buffer.from(node.name).toString('utf8'),
    type,
    path,
    uid,
    gid,
    ...(type === 'file' ? { size: node.size } : {}),
    mode,
    mtime: mtime.text,
    atime: atime.text,
    ctime: ctime.text,
    struct_type: 'node',
  };
}

function longLine(path: string, node: TreeNode): string {
  const target = node.linkTarget ? ` -> ${Buffer.from(node.linkTarget).toString('utf8')}` : '';
  const mode = (node.mode % 0o1000).toString(8).padStart(3, '0');
  return `${node.type.padEnd(7)} ${mode} ${node.uid}:${node.gid} ${sizeText(node.size).padStart(10)} ${node.mtime.text} ${path}${target}`;
}

export async function runFind(
  session: RepoSession,
  pattern: string,
  options: FilterOptions & { readonly ignoreCase?: boolean; readonly snapshot?: string },
): Promise<ExitCode> {
  const matches = compileFind(pattern, options.ignoreCase ? 'ignore' : 'exact');
  const repository = await session.openRepository();
  const listed = options.snapshot
    ? { snapshots: [await findSnapshot(repository, options.snapshot, {}, session.signal)], unreadable: [] }
    : await listSnapshots(repository, session.signal);
  const snapshots = listed.snapshots.filter(({ snapshot }) => fitsFilter(snapshot, filterOf(options)));
  const { index } = await loadKeptIndex(repository, { signal: session.signal });
  const found: { snapshot: string; hits: number; matches: Record<string, unknown>[] }[] = [];
  let unreadable = 0;
  for (const { id, snapshot } of snapshots) {
    const hits: Record<string, unknown>[] = [];
    await walkTree(
      repository,
      index,
      snapshot.tree,
      {
        entry(path, node) {
          const text = pathText(path);
          if (matches(text)) {
            if (hits.length === 0) session.say(`Snapshot ${id.slice(0, 8)} of ${snapshot.time.text}`);
            hits.push(nodeJson(text, node));
            session.say(`  ${text}`);
          }
          return 'descend';
        },
        unreadable: (path, _tree, error) => {
          unreadable++;
          warn(`${id.slice(0, 8)} ${pathText(path)} cannot be read: ${error.message}`);
        },
      },
      session.signal,
    );
    if (hits.length > 0) found.push({ snapshot: id, hits: hits.length, matches: hits });
  }
  session.json(found);
  return nameUnreadable(listed.unreadable) === 1 || unreadable > 0 ? 1 : 0;
}

export async function runDump(session: RepoSession, wanted: string, path: string): Promise<ExitCode> {
  const repository = await session.openRepository();
  const { snapshot } = await findSnapshot(repository, wanted, {}, session.signal);
  const { index } = await loadKeptIndex(repository, { signal: session.signal });
  const node = await findEntry(repository, index, snapshot.tree, path, session.signal);
  for await (const part of dumpFile(repository, index, node, { signal: session.signal })) {
    await new Promise<void>((resolve, reject) =>
      process.stdout.write(part, (error) => (error ? reject(error) : resolve())),
    );
  }
  return 0;
}
