import { TriplicateError } from '../engine/errors.ts';
import { type StoredSpan, spansOf } from './entries.ts';
import type { FolderPart, StoredMoment } from './folder-part.ts';
import { isSameContent, latin1, nameText, TYPE, TYPE_NAMES, type TypeNumber } from './node-value.ts';

export type EntryType = (typeof TYPE_NAMES)[number];

export interface MomentInfo {
  readonly id: string;
  readonly time: string;
  readonly copies: readonly { readonly destinationId: string; readonly snapshotId: string }[];
  readonly changes: { readonly added: number; readonly changed: number; readonly removed: number };
}

/** `key`: base64url of the raw path's bytes, so that names that are not UTF-8 stay reachable. */
export interface EntryInfo {
  readonly name: string;
  readonly path: string;
  readonly key: string;
  readonly type: EntryType;
  readonly size: number;
  readonly modifiedAt: string | null;
  readonly existsNow: boolean;
}

/** A path that was found, with its newest version. */
export interface HitInfo extends EntryInfo {
  readonly folderId: string;
  readonly versions: number;
  readonly lastSeenAt: string;
  readonly momentId: string;
}

/** One content of a path. A later time of the same content is the same version, and its newest time is shown. */
export interface VersionInfo {
  readonly momentId: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly size: number;
  readonly modifiedAt: string | null;
  readonly contentKey: string;
  readonly destinationIds: readonly string[];
  readonly current: boolean;
}

/** Newest first; each with the newest snapshot of every destination that holds it, reachable or not. */
export function momentsOf(part: FolderPart): readonly MomentInfo[] {
  const rows = part.database.all<{ at: number; destination: string; id: string }>(
    'SELECT at, destination, id FROM snapshot WHERE folder = ? AND at IS NOT NULL ORDER BY time, id',
    part.number,
  );
  const copies = new Map<number, Map<string, string>>();
  for (const { at, destination, id } of rows) {
    const here = copies.get(at) ?? new Map<string, string>();
    copies.set(at, here.set(destination, id));
  }
  return part.moments
    .filter(({ state }) => state === 1)
    .map(({ at, id, time, added, changed, removed }) => ({
      id,
      time: isoOfMicroseconds(time),
      copies: Array.from(copies.get(at) ?? [], ([destinationId, snapshotId]) => ({ destinationId, snapshotId })),
      changes: { added, changed, removed },
    }))
    .reverse();
}

/** The moment of a snapshot, or the newest for `latest`. @throws `snapshot/not-found` */
export function findMoment(part: FolderPart, id: string): StoredMoment {
  const at =
    id === 'latest'
      ? part.moments.findLast(({ state }) => state === 1)?.at
      : part.database.get<{ at: number | null }>(
          'SELECT at FROM snapshot WHERE folder = ? AND id = ? AND at IS NOT NULL',
          part.number,
          id,
        )?.at;
  const moment = at == null ? undefined : part.from(at);
  if (moment) return moment;
  throw new TriplicateError('snapshot/not-found', 'This moment is no longer kept at any destination.');
}

interface Child {
  readonly name: Uint8Array;
  readonly gone: number;
  readonly type: TypeNumber;
  readonly size: number;
  readonly mtime: number;
}

/** A directory as it was, directories first. @throws `path/not-found`, `snapshot/not-found` */
export function browse(part: FolderPart, momentId: string, key: string): readonly EntryInfo[] {
  const { at } = findMoment(part, momentId);
  const path = Buffer.from(key, 'base64url');
  const entry = part.entryAt(path);
  if (entry === undefined || (entry !== part.root && standing(part, entry, at)?.type !== TYPE.dir))
    throw new TriplicateError('path/not-found', 'This folder was not there at that moment.');
  const children = part.database.all<Child>(
    `SELECT name, gone, type, size, mtime FROM entry JOIN span ON span.entry = entry.id
      WHERE parent = ?1 AND first <= ?2 AND (last IS NULL OR last >= ?2)`,
    ...[entry, at],
  );
  const prefix = path.length === 0 ? path : Buffer.concat([path, SLASH]);
  return children
    .map((child) => entryInfo(Buffer.concat([prefix, child.name]), child, child.gone))
    .sort(directoriesFirst);
}

function standing(part: FolderPart, entry: number, at: number): StoredSpan | undefined {
  return spansOf(part, entry).find(({ first, last }) => first <= at && (last === null || last >= at));
}

/** All contents of a path, newest first. @throws `path/not-found` */
export function versionsOf(part: FolderPart, key: string): readonly VersionInfo[] {
  const entry = part.entryAt(Buffer.from(key, 'base64url'));
  const groups = entry === undefined ? [] : contentsOf(part, spansOf(part, entry));
  if (groups.length === 0) throw new TriplicateError('path/not-found', 'This path is in no snapshot.');
  return groups.map((group) => versionInfo(part, group)).reverse();
}

/** One content without a gap: its spans, and its first and last moment that are kept. */
export interface Standing {
  readonly spans: readonly [StoredSpan, ...StoredSpan[]];
  readonly first: StoredMoment;
  readonly last: StoredMoment;
}

/** Joins spans that differ in their times only. */
export function contentsOf(part: FolderPart, spans: readonly StoredSpan[]): readonly Standing[] {
  const groups: Standing[] = [];
  for (const span of spans) {
    const first = part.from(span.first);
    const last = span.last === null ? part.newest : part.upTo(span.last);
    if (!first || !last || first.at > last.at) continue;
    const group = groups.at(-1);
    const follows = group !== undefined && part.from(group.last.at + 1)?.at === first.at;
    if (follows && isSameContent(group.spans[0], span))
      groups[groups.length - 1] = { spans: [...group.spans, span], first: group.first, last };
    else groups.push({ spans: [span], first, last });
  }
  return groups;
}

function versionInfo(part: FolderPart, { spans, first, last }: Standing): VersionInfo {
  const newest = spans.at(-1) ?? spans[0];
  const holders = part.database.all<{ destination: string }>(
    'SELECT DISTINCT destination FROM snapshot WHERE folder = ? AND at BETWEEN ? AND ? ORDER BY destination',
    ...[part.number, first.at, last.at],
  );
  return {
    momentId: last.id,
    firstSeenAt: isoOfMicroseconds(first.time),
    lastSeenAt: isoOfMicroseconds(last.time),
    size: newest.size,
    modifiedAt: new Date(newest.mtime).toISOString(),
    contentKey: newest.content ? Buffer.from(newest.content).toString('base64url') : TYPE_NAMES[newest.type],
    destinationIds: holders.map(({ destination }) => destination),
    current: last.at === part.newest?.at,
  };
}

/** Undefined when no moment that is kept has it. */
export function hitInfo(
  folderId: string,
  { part, id, gone }: { readonly part: FolderPart; readonly id: number; readonly gone: number },
): HitInfo | undefined {
  const contents = contentsOf(part, spansOf(part, id));
  const newest = contents.at(-1);
  const span = newest?.spans.at(-1);
  if (!newest || !span) return undefined;
  return {
    ...entryInfo(part.pathOf(id), span, gone),
    folderId,
    versions: contents.length,
    lastSeenAt: isoOfMicroseconds(newest.last.time),
    momentId: newest.last.id,
  };
}

export function entryInfo(
  path: Buffer,
  { type, size, mtime }: Pick<StoredSpan, 'type' | 'size' | 'mtime'>,
  gone: number,
): EntryInfo {
  return {
    name: nameText(path.subarray(path.lastIndexOf(0x2f) + 1)),
    path: nameText(path),
    key: path.toString('base64url'),
    type: TYPE_NAMES[type],
    size,
    modifiedAt: new Date(mtime).toISOString(),
    existsNow: gone === 0,
  };
}

const SLASH = Buffer.from('/');
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function directoriesFirst(a: EntryInfo, b: EntryInfo): number {
  if ((a.type === 'dir') !== (b.type === 'dir')) return a.type === 'dir' ? -1 : 1;
  return (
    collator.compare(a.name, b.name) ||
    (latin1(Buffer.from(a.key, 'base64url')) < latin1(Buffer.from(b.key, 'base64url')) ? -1 : 1)
  );
}

export function isoOfMicroseconds(time: number): string {
  const ms = Math.trunc(time / 1000);
  return new Date(Math.min(Math.max(ms, -62_135_596_800_000), 253_402_300_799_000)).toISOString();
}
