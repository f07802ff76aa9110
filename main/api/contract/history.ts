import { z } from 'zod';
import { method } from './method.ts';
import { run } from './runs.ts';
import { bytes, count, destinationId, folderId, moment, nothing } from './values.ts';

export const entryType = z.enum(['file', 'dir', 'symlink', 'other']);

/** One moment of a folder that can be gone back to. The same moment may stand in several destinations. */
export const timelineMoment = z.object({
  /** Names the moment in the calls below. */
  id: z.string(),
  time: moment,
  /** The one that a restore takes first stands first: whole before damaged, near before far, away last. */
  copies: z.array(z.object({ destinationId, snapshotId: z.string() })),
  changes: z.object({ added: count, changed: count, removed: count }),
});
export type TimelineMoment = z.infer<typeof timelineMoment>;

/** Paths are relative to the folder, with `/`; names that are not UTF-8 show U+FFFD and are addressed by `key`. */
export const historyEntry = z.object({
  name: z.string(),
  path: z.string(),
  /** Addresses exactly this path in later calls, whatever bytes its name has. */
  key: z.string(),
  type: entryType,
  size: bytes,
  modifiedAt: moment.nullable(),
  /** False when the path no longer exists in the newest moment. */
  existsNow: z.boolean(),
});
export type HistoryEntry = z.infer<typeof historyEntry>;

export const version = z.object({
  momentId: z.string(),
  firstSeenAt: moment,
  lastSeenAt: moment,
  size: bytes,
  modifiedAt: moment.nullable(),
  /** Equal for equal content. */
  contentKey: z.string(),
  destinationIds: z.array(destinationId),
  /** True for the version that the newest moment holds. */
  current: z.boolean(),
});
export type Version = z.infer<typeof version>;

export const searchHit = historyEntry.extend({
  folderId,
  folderName: z.string(),
  versions: count,
  lastSeenAt: moment,
  /** A moment that holds the last version. */
  momentId: z.string(),
});
export type SearchHit = z.infer<typeof searchHit>;

/** What a restore would do, before it does it. */
export const restorePlan = z.object({
  planId: z.string(),
  target: z.string(),
  from: z.object({ destinationId, name: z.string() }),
  create: count,
  replace: count,
  keep: count,
  unchanged: count,
  bytes,
  /** The first entries that would be touched. */
  sample: z.array(
    z.object({ path: z.string(), action: z.enum(['create', 'replace', 'keep', 'keep-both', 'unchanged']) }),
  ),
  warnings: z.array(z.string()),
});
export type RestorePlan = z.infer<typeof restorePlan>;

/** A folder that has a history: where it lies or lay, and the destinations that hold versions of it. */
export const historyFolder = z.object({
  id: folderId,
  name: z.string(),
  path: z.string(),
  destinationIds: z.array(destinationId),
});
export type HistoryFolder = z.infer<typeof historyFolder>;

/**
 * How many moments of a folder are asked for: all there can be. A folder that changes all the time gets thousands within a day, and
 * an old moment that is left out can neither be looked at nor restored.
 */
export const ALL_MOMENTS = 200_000;

export const existingFiles = z.enum(['skip', 'replace', 'keep-both']);

export const historyMethods = {
  /**
   * Folders that destinations hold versions of and that are not protected: of an adopted repository, or no longer. Their ids
   * are good for every call here and for `restore.plan`.
   */
  'history.pastFolders': method(nothing, z.array(historyFolder)),
  /**
   * Ends when all is known that reachable destinations hold of a folder. The calls below wait two seconds for that at most, and tell
   * by an event that there is more: who asks once only asks this first.
   */
  'history.bringIn': method(z.object({ folderId }), nothing),
  /** Newest first. */
  'history.moments': method(
    z.object({ folderId, limit: count.max(ALL_MOMENTS).default(ALL_MOMENTS), before: moment.optional() }),
    z.object({ moments: z.array(timelineMoment), total: count }),
  ),
  /** One directory as it was; `key` of the directory, absent for the folder itself. */
  'history.browse': method(
    z.object({
      folderId,
      momentId: z.string(),
      key: z.string().optional(),
      offset: count.default(0),
      limit: count.max(5000).default(1000),
    }),
    z.object({ entries: z.array(historyEntry), total: count }),
  ),
  'history.search': method(
    z.object({
      text: z.string().max(1000),
      folderId: folderId.optional(),
      deletedOnly: z.boolean().default(false),
      limit: count.max(500).default(100),
    }),
    z.object({ hits: z.array(searchHit), more: z.boolean(), tookMs: z.number() }),
  ),
  'history.versions': method(z.object({ folderId, key: z.string() }), z.array(version)),
  /** The first bytes of a version, for a look before restoring; null kind when there is nothing to show. */
  'history.preview': method(
    z.object({ folderId, momentId: z.string(), key: z.string() }),
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('text'), text: z.string(), truncated: z.boolean() }),
      z.object({ kind: z.literal('image'), mediaType: z.string(), base64: z.string() }),
      z.object({ kind: z.literal('none'), reason: z.string() }),
    ]),
  ),
  'restore.plan': method(
    z.object({
      folderId,
      momentId: z.string(),
      keys: z.array(z.string()),
      from: destinationId.optional(),
      target: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('original') }),
        z.object({ kind: z.literal('directory'), path: z.string().min(1) }),
      ]),
      existing: existingFiles,
    }),
    restorePlan,
  ),
  'restore.start': method(z.object({ planId: z.string() }), run),
} as const;
