import { lstatSync, readlinkSync } from 'node:fs';
import type { TreeNode } from '../format/tree.ts';
import { systemCode } from '../store/file-errors.ts';
import { type AttributesRead, inOrderOf } from './attributes.ts';
import { type BytePath, bytesOf, forSystem, textOf } from './byte-path.ts';
import { type Directory, isReachedByFolders, newDirectory, openAccess } from './directory.ts';
import type { DirectoryTrees } from './directory-trees.ts';
import {
  type Draft,
  type EntryStat,
  entryFromStat,
  isSameEntry,
  isUnchanged,
  refreshEntry,
  typeOf,
  UNREAD_ATTRIBUTES,
} from './entry.ts';
import { blobIdsOf, type FileOutcome } from './file-queue.ts';
import type { EntryPlace, Visit } from './visit.ts';
import type { WalkContext } from './walk-context.ts';
import { whyUnreadable } from './why-unreadable.ts';

/**
 * Finds out what each entry of a directory becomes: the parent snapshot's own node, a new one whose content and attributes are
 * still being read, or nothing, with a reason that is told.
 */
export class EntrySettler {
  readonly #context: WalkContext;
  readonly #trees: DirectoryTrees;

  constructor(context: WalkContext, trees: DirectoryTrees) {
    this.#context = context;
    this.#trees = trees;
  }

  /** One thing less that the directory waits for. */
  settled(directory: Directory): void {
    this.#trees.settled(directory);
  }

  settleEntry(directory: Directory, entry: EntryPlace, visits: Visit[]): void {
    const { counts, selection, entries: context } = this.#context;
    directory.entries.set(entry.position, null);
    // What was listed was not excluded.
    if (!entry.stat) directory.print = null;
    if (!entry.stat && selection.excludes(textOf(entry.path))) {
      counts.excluded++;
      return;
    }
    let stat: EntryStat;
    try {
      stat = entry.stat ?? lstatSync(forSystem(entry.access), { bigint: true });
    } catch (error) {
      this.keepEarlier(directory, entry, error);
      return;
    }
    const type = typeOf(Number(stat.mode));
    if (type === 'socket') {
      directory.print = null;
      counts.leaveOut(textOf(entry.path), 'socket', 'A socket has no content to keep.');
      return;
    }
    const isLeftOut =
      type === 'dir' ? selection.isOwnPlace(stat) : type === 'file' && selection.isTooLarge(Number(stat.size));
    if (isLeftOut) {
      directory.print = null;
      counts.excluded++;
      return;
    }
    const same = entry.before && isSameEntry(entry.before, stat, context) ? entry.before : null;
    if (same && this.#takeOver(directory, entry.position, same)) return;
    const draft = entryFromStat(entry.before?.name ?? bytesOf(entry.name), stat, context);
    if (type === 'symlink') {
      try {
        draft.linkTarget = readlinkSync(forSystem(entry.access), { encoding: 'buffer' });
      } catch (error) {
        this.keepEarlier(directory, entry, error);
        return;
      }
    }
    directory.entries.set(entry.position, draft);
    this.readAttributes(directory, draft, entry.access, entry.before);
    if (entry.before && entry.before.type !== type) this.#countReplaced(entry.before);
    if (type === 'dir') this.settleDirectory(directory, draft, { ...entry, same }, visits);
    else if (type === 'file') this.#settleFile(directory, draft, entry);
  }

  /** Something of another kind has its name now. */
  #countReplaced({ type, subtree }: TreeNode): void {
    const { counts } = this.#context;
    if (type === 'file') counts.filesRemoved++;
    if (subtree) counts.treesRemoved.push(subtree);
  }

  /** Puts the parent's own node into the directory. False for a directory, and when content is lost somewhere. */
  #takeOver(directory: Directory, position: number, same: TreeNode): boolean {
    const { counts } = this.#context;
    if (same.type === 'dir' || (same.type === 'file' && !(same.content && this.#haveAll(same)))) return false;
    directory.entries.set(position, same);
    if (same.type !== 'file') return true;
    counts.filesFound++;
    counts.bytesFound += same.size;
    counts.filesUnchanged++;
    counts.settled(same.size);
    return true;
  }

  #settleFile(directory: Directory, draft: Draft, entry: EntryPlace): void {
    const { counts, files } = this.#context;
    const before = entry.before?.type === 'file' ? entry.before : null;
    counts.filesFound++;
    counts.bytesFound += draft.size;
    if (before?.content && isUnchanged(draft, before) && this.#haveAll(before)) {
      draft.content = before.content;
      counts.filesUnchanged++;
      counts.settled(draft.size);
      return;
    }
    directory.waiting++;
    const changeTime = draft.ctime.ns;
    files.add({
      path: entry.access,
      size: draft.size,
      changeTime,
      done: (outcome) => {
        this.fileDone(directory, draft, entry, outcome);
        this.#trees.settled(directory);
      },
    });
  }

  /** What a file that was read has become. */
  fileDone(directory: Directory, draft: Draft, entry: EntryPlace, outcome: FileOutcome): void {
    const { counts, entries: context } = this.#context;
    if (outcome.kind !== 'read' || outcome.fresh) directory.print = null;
    if (outcome.kind === 'vanished' || isElsewhere(directory, draft, outcome)) {
      directory.entries.set(entry.position, null);
      counts.leaveOut(textOf(entry.path), 'vanished', 'It was deleted while the backup ran.');
      counts.settled(0);
      return;
    }
    if (outcome.kind === 'failed') {
      this.keepEarlier(directory, entry, Object.assign(new Error(outcome.message), { code: outcome.code }));
      counts.settled(0);
      return;
    }
    if (outcome.fresh) {
      const isOther = outcome.fresh.ctimeNs !== draft.ctime.ns;
      refreshEntry(draft, outcome.fresh, context);
      if (isOther) this.#readAttributesAgain(directory, draft, entry);
    }
    draft.content = blobIdsOf(outcome.content);
    draft.size = outcome.size;
    if (outcome.kind === 'unsteady') {
      counts.leaveOut(
        textOf(entry.path),
        'unsteady',
        'It kept changing while it was read; it is stored as it was read last.',
      );
    }
    if (entry.before?.type === 'file') counts.filesChanged++;
    else counts.filesNew++;
    counts.bytesRead += outcome.size;
    counts.settled(outcome.size);
  }

  settleDirectory(
    directory: Directory,
    draft: TreeNode,
    entry: EntryPlace & { readonly same: TreeNode | null },
    visits: Visit[],
  ): void {
    const { dirty } = this.#context;
    const before = entry.before?.type === 'dir' ? entry.before : null;
    const kind = this.#wayInto(draft, before, textOf(entry.path));
    if (kind === 'reuse' && before?.subtree) {
      if (directory.state === 'own') {
        const own = entry.same ?? Object.assign(draft, { subtree: before.subtree });
        directory.entries.set(entry.position, own);
      }
      return;
    }
    let child: Directory;
    try {
      child = this.openDirectory(directory, entry, entry.same);
    } catch (error) {
      this.keepEarlier(directory, entry, error);
      return;
    }
    // Another directory under the old name: nothing of the old one may be taken over unseen.
    const same = before !== null && before.inode === draft.inode && before.deviceId === draft.deviceId;
    const comparable = dirty === null || same ? before : null;
    visits.push({
      kind: kind === 'descend' ? 'descend' : 'list',
      directory: child,
      before: comparable,
      ...(comparable === null ? { replaced: before } : {}),
      isTarget: entry.isTarget,
    });
  }

  /** How to look at a directory: a run of changes lists only what changed, and what its own times say has changed. */
  #wayInto(draft: TreeNode, before: TreeNode | null, path: string): 'list' | 'descend' | 'reuse' {
    const { dirty } = this.#context;
    if (!dirty || !before?.subtree || dirty.isDirty(path) || path.includes('\ufffd')) return 'list';
    const same =
      before.inode === draft.inode &&
      before.deviceId === draft.deviceId &&
      before.mtime.ns === draft.mtime.ns &&
      before.ctime.ns === draft.ctime.ns;
    if (!same) return 'list';
    return dirty.isOnTheWay(path) ? 'descend' : 'reuse';
  }

  openDirectory(
    parent: Directory,
    { position, path, access: longAccess }: Pick<EntryPlace, 'position' | 'path' | 'access'>,
    same: TreeNode | null,
  ): Directory {
    const { access, descriptor } = openAccess(longAccess);
    // Below an open directory every deeper path goes through it, so `access` differs from `path` from here on.
    const through = descriptor ?? (longAccess === path ? null : parent.descriptor);
    parent.waiting++;
    return newDirectory({
      parent,
      position,
      path,
      access,
      descriptor: through,
      ownsDescriptor: descriptor !== null,
      same,
      isListedAhead: parent.isListedAhead,
    });
  }

  readAttributes(directory: Directory, draft: Draft, access: BytePath, before: TreeNode | null): void {
    if (draft.type === 'symlink') return;
    // Setting an attribute changes the ctime.
    if (before && before.type === draft.type && before.inode === draft.inode && before.ctime.ns === draft.ctime.ns) {
      if (before.extendedAttributes) draft.extendedAttributes = before.extendedAttributes;
      if (before.error !== UNREAD_ATTRIBUTES) return;
    }
    const { attributes: reader } = this.#context;
    if (reader.state !== 'works') return this.#setAttributes(directory, draft, reader.unasked, before);
    directory.waiting++;
    reader.read(access, (attributes) => {
      this.#setAttributes(directory, draft, attributes, before);
      this.#trees.settled(directory);
    });
  }

  /** What was read before the time that the entry has now may be older: with that time nobody would ask for them again. */
  #readAttributesAgain(directory: Directory, draft: Draft, { access, before }: EntryPlace): void {
    const { attributes: reader } = this.#context;
    directory.waiting++;
    reader.read(access, (attributes) => {
      delete draft.extendedAttributes;
      delete draft.error;
      this.#setAttributes(directory, draft, attributes, before);
      this.#trees.settled(directory);
    });
    reader.flush();
  }

  #setAttributes(directory: Directory, draft: Draft, attributes: AttributesRead, before: TreeNode | null): void {
    if (attributes === 'unread') {
      directory.print = null;
      draft.error = UNREAD_ATTRIBUTES;
    } else if (attributes && attributes.length > 0) {
      draft.extendedAttributes = inOrderOf(before?.extendedAttributes, attributes);
    }
  }

  /** An entry that cannot be read keeps its earlier version, where every destination has it; either way it is named. */
  keepEarlier(directory: Directory, entry: EntryPlace, error: unknown): void {
    const { counts } = this.#context;
    const { message } = error as NodeJS.ErrnoException;
    const code = systemCode(error);
    const path = textOf(entry.path);
    const entries = this.#trees.ownEntries(directory);
    directory.print = null;
    entries.set(entry.position, null);
    if (code === 'ENOENT' && !entry.isTarget) {
      counts.leaveOut(path, 'vanished', 'It was deleted while the backup ran.');
      return;
    }
    if (code === undefined) throw error;
    const kept = entry.before !== null && this.#canKeep(entry, entry.before);
    if (kept) entries.set(entry.position, entry.before);
    const ending = kept ? 'the version of the last backup is kept.' : 'it is not in this backup.';
    counts.leaveOut(path, 'unreadable', `It cannot be read (${whyUnreadable(code, message)}); ${ending}`);
  }

  #canKeep({ isEverywhere = false }: EntryPlace, before: TreeNode): boolean {
    if (before.type === 'dir') return isEverywhere || this.#context.parent.everywhere;
    return this.#haveAll(before);
  }

  #haveAll(node: TreeNode): boolean {
    const content = node.content ?? [];
    return this.#context.writers.every((writer) => writer.failure || content.every((id) => writer.has('data', id)));
  }
}

/** Whether it is another file than was seen, read through a link that has taken the place of a folder. */
function isElsewhere(directory: Directory, draft: Draft, outcome: FileOutcome): boolean {
  const fresh = outcome.kind === 'read' || outcome.kind === 'unsteady' ? outcome.fresh : undefined;
  if (!fresh || (fresh.ino === draft.inode && fresh.dev === draft.deviceId)) return false;
  return !isReachedByFolders(directory);
}
