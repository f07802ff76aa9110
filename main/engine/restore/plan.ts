import type { BigIntStats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { TriplicateError } from '../errors.ts';
import type { TreeNode } from '../format/tree.ts';
import type { BlobId } from '../ids.ts';
import type { BlobIndex } from '../repository/blob-index.ts';
import { loadIndex } from '../repository/blob-index.ts';
import { type PathSegments, pathText, walkTree } from '../walk/walk-tree.ts';
import { contentLength, type MeasuredLengths, measureDoubtful } from './content.ts';
import { hasSameContent, hasSameMetadata, statAt } from './existing.ts';
import { matcher, type PathMatch, patternMatcher, segmentsOf } from './include.ts';
import type {
  PlannedEntry,
  RestoreAction,
  RestoreLeftOut,
  RestoreNode,
  RestorePlan,
  RestoreProblem,
  RestoreRequest,
} from './request.ts';
import { besideName, isSafeName } from './safe-name.ts';
import { deviceAt } from './target-guard.ts';
import { TargetPaths } from './target-paths.ts';

/**
 * An entry of the snapshot that the restore takes in, and what is planned for it. There may be millions, so that its
 * names above are shared with its neighbours, and paths are put together when they are asked for.
 */
class Candidate implements PlannedEntry {
  /** Names from the root of the snapshot down to its folder. */
  readonly folder: PathSegments;
  readonly node: RestoreNode;
  readonly match: PathMatch;
  /** How many of the names in `folder` lie above the target. */
  readonly above: number;
  action: RestoreAction = 'new';
  metadata: 'yes' | 'no' = 'yes';
  /** Its name in the target where that is not its own. */
  newName: Uint8Array | undefined = undefined;

  constructor(folder: PathSegments, above: number, node: RestoreNode, match: PathMatch) {
    this.folder = folder;
    this.above = above;
    this.node = node;
    this.match = match;
  }

  get path(): PathSegments {
    return [...this.folder.slice(this.above), this.newName ?? this.node.name];
  }

  get text(): string {
    return pathText([...this.folder, this.node.name]);
  }
}

/**
 * Looks at the snapshot and at the target and says what a restore would do. Writes nothing.
 * @throws `restore/target-invalid`, `path/not-found` when an included path is not in the snapshot, `repo/…`, `store/…`
 */
export async function planRestore(request: RestoreRequest): Promise<RestorePlan> {
  if (!isAbsolute(request.target)) {
    throw new TriplicateError('restore/target-invalid', `The target ${request.target} is not an absolute path.`);
  }
  const options = request.signal ? { signal: request.signal } : {};
  const device = deviceAt(request.target);
  const index = request.index ?? (await loadIndex(request.repository, { ...options, onDamage: 'report' })).index;
  const leftOut: RestoreLeftOut[] = [];
  const candidates = await selectEntries(request, index, leftOut);
  const paths = new TargetPaths(request.target);
  try {
    const entries: PlannedEntry[] = [];
    const counts: Record<RestoreAction, number> = { new: 0, replaced: 0, kept: 0, beside: 0, unchanged: 0 };
    let bytes = 0;
    const measured = new Map<BlobId, number>();
    for await (const entry of decide(request, index, measured, paths, candidates, leftOut)) {
      entries.push(entry);
      counts[entry.action]++;
      if (entry.node.type === 'file' && isWritten(entry.action)) bytes += entry.node.size;
    }
    return { request, index, measured, device, entries, counts, bytes, leftOut };
  } finally {
    paths.close();
  }
}

export function isWritten(action: RestoreAction): boolean {
  return action === 'new' || action === 'replaced' || action === 'beside';
}

async function selectEntries(
  request: RestoreRequest,
  index: BlobIndex,
  leftOut: RestoreLeftOut[],
): Promise<readonly Candidate[]> {
  const from = request.from === undefined ? [] : segmentsOf(request.from);
  const { includePatterns = [] } = request;
  const include = includePatterns.length > 0 ? patternMatcher(includePatterns) : matcher(from, request.include);
  const found: Candidate[] = [];
  const problem = (path: PathSegments, reason: RestoreProblem, text: string): void => {
    leftOut.push({ path: pathText(path), reason, text });
  };
  /** Folders down to where the walk is that are taken only with something below them. */
  const waiting: Candidate[] = [];
  const last: (Uint8Array | undefined)[] = [];
  let folder: PathSegments = [];
  await walkTree(
    request.repository,
    index,
    request.tree,
    {
      entry(path, node) {
        const match = include.match(path);
        if (match === 'outside') return 'skip';
        const level = path.length;
        const previous = last[level];
        last.length = level;
        last[level] = node.name;
        const reason = whyNot(node, previous);
        if (reason) {
          problem(path, reason, PROBLEM_TEXT[reason] ?? 'It cannot be restored.');
          return 'skip';
        }
        if (match !== 'from') {
          if (!isFolderOf(path, folder)) folder = path.slice(0, -1);
          while ((waiting.at(-1)?.folder.length ?? -1) >= folder.length) waiting.pop();
          const candidate = new Candidate(folder, from.length, slim(node), match);
          if (match !== 'maybe') found.push(...waiting.splice(0), candidate);
          else if (node.type === 'dir') waiting.push(candidate);
        }
        return 'descend';
      },
      unreadable(path, _tree, error) {
        problem(
          path,
          error.code === 'repo/blob-missing' ? 'missing' : 'damaged',
          `The folder cannot be read, nothing below it was restored. ${error.message}`,
        );
      },
    },
    request.signal,
  );
  const unmatched = include.unmatched();
  const nothing = includePatterns.length === 0 ? unmatched.length > 0 : found.length === 0;
  if (nothing && leftOut.length === 0) {
    throw new TriplicateError('path/not-found', `The snapshot does not contain ${unmatched[0] ?? includePatterns[0]}.`);
  }
  for (const path of unmatched) leftOut.push({ path, reason: 'missing', text: 'The snapshot does not contain it.' });
  return found;
}

/** Whether these are the very names above the path: neighbours come with the same objects. */
function isFolderOf(path: PathSegments, folder: PathSegments): boolean {
  return folder.length === path.length - 1 && folder.every((name, level) => name === path[level]);
}

/** What a restore needs of an entry, free of the bytes of the directory it was read from. */
function slim(node: TreeNode): RestoreNode {
  const { type, mode, mtime, uid, gid, size, links, extendedAttributes, device, content } = node;
  const atime = node.atime.text === mtime.text ? mtime : node.atime;
  return {
    name: node.name,
    type,
    mode,
    mtime,
    atime,
    uid,
    gid,
    // Only names of one file are compared by these.
    inode: links > 1 ? node.inode : 0n,
    deviceId: links > 1 ? node.deviceId : 0n,
    size,
    links,
    linkTarget: node.linkTarget,
    extendedAttributes,
    device,
    content,
  };
}

const PROBLEM_TEXT: Partial<Record<RestoreProblem, string>> = {
  'unsafe-name': 'Its name is not one that a file may have; it could lead out of the target.',
  'duplicate-name': 'Another entry of the folder has the same name.',
  damaged: 'The entry contradicts itself.',
  'not-supported': 'Sockets are made by programs and cannot be restored.',
};

/** Entries are sorted by name, so an equal name is the neighbour. */
function whyNot(node: TreeNode, previous: Uint8Array | undefined): RestoreProblem | undefined {
  if (!isSafeName(node.name)) return 'unsafe-name';
  if (previous && Buffer.compare(previous, node.name) === 0) return 'duplicate-name';
  if (node.type === 'dir' && !node.subtree) return 'damaged';
  if (node.type === 'symlink' && (node.linkTarget ?? []).length === 0) return 'damaged';
  return node.type === 'socket' ? 'not-supported' : undefined;
}

/** Compares each entry with what is in the target. Below a directory that is to be made nothing can exist. */
async function* decide(
  request: RestoreRequest,
  index: BlobIndex,
  measured: Map<BlobId, number>,
  paths: TargetPaths,
  candidates: readonly Candidate[],
  leftOut: RestoreLeftOut[],
): AsyncGenerator<Candidate> {
  let fresh: PathSegments | undefined = statAt(paths.root) ? undefined : [];
  let barred: PathSegments | undefined;
  for (const candidate of candidates) {
    const { path, node } = candidate;
    if (barred && isBelow(path, barred)) continue;
    if (node.type === 'file') {
      let wrong = whyContentIsWrong(node, index, measured);
      if (wrong && (await measureDoubtful(request.repository, index, node.content ?? [], measured, request.signal)))
        wrong = whyContentIsWrong(node, index, measured);
      if (wrong) {
        leftOut.push({ path: candidate.text, ...wrong });
        continue;
      }
    }
    const found = fresh && isBelow(path, fresh) ? undefined : statAt(paths.of(path));
    if (!found && node.type === 'dir' && !(fresh && isBelow(path, fresh))) fresh = path;
    if (found && node.type === 'dir' && !found.isDirectory() && request.existing !== 'replace') {
      leftOut.push({
        path: candidate.text,
        reason: 'in-the-way',
        text: 'Something that is not a folder is there; it was kept.',
      });
      barred = path;
      continue;
    }
    if (found && node.type === 'dir' && !found.isDirectory()) fresh = path;
    if (found?.isDirectory() && node.type !== 'dir' && request.existing === 'replace') {
      leftOut.push({
        path: candidate.text,
        reason: 'in-the-way',
        text: 'A folder with this name is there; it was kept.',
      });
      continue;
    }
    yield found ? await againstExisting(request, index, measured, paths, candidate, found) : candidate;
  }
}

async function againstExisting(
  request: RestoreRequest,
  index: BlobIndex,
  measured: MeasuredLengths,
  paths: TargetPaths,
  entry: Candidate,
  found: BigIntStats,
): Promise<Candidate> {
  const { node, path } = entry;
  const replaces = request.existing === 'replace';
  if (await hasSameContent(paths.of(path), found, node, index, measured)) {
    entry.action = 'unchanged';
    entry.metadata = replaces && entry.match === 'inside' && !hasSameMetadata(found, node) ? 'yes' : 'no';
  } else if (replaces) {
    entry.action = 'replaced';
  } else if (request.existing === 'skip') {
    entry.action = 'kept';
    entry.metadata = 'no';
  } else {
    entry.action = 'beside';
    for (let attempt = 1; ; attempt++) {
      entry.newName = besideName(node.name, attempt);
      if (!statAt(paths.of(entry.path))) break;
    }
  }
  return entry;
}

function whyContentIsWrong(
  node: RestoreNode,
  index: BlobIndex,
  measured: MeasuredLengths,
): { readonly reason: RestoreProblem; readonly text: string } | undefined {
  let sum = 0;
  for (const id of node.content ?? []) {
    const length = contentLength(index, id, measured);
    if (length === undefined)
      return { reason: 'missing', text: `Its content ${id.slice(0, 8)} is not in the repository.` };
    sum += length;
  }
  if (sum === node.size) return undefined;
  return { reason: 'damaged', text: `Its content has ${sum} bytes, but the snapshot says ${node.size}.` };
}

function isBelow(path: PathSegments, above: PathSegments): boolean {
  if (path.length <= above.length && above.length > 0) return false;
  return above.every((name, level) => Buffer.compare(name, path[level] as Uint8Array) === 0);
}
