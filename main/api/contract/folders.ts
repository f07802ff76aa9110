import { z } from 'zod';
import { method } from './method.ts';
import { run } from './runs.ts';
import { bytes, count, destinationId, folderId, moment, nothing, storageKind } from './values.ts';

/** `good` counts as a copy; nothing else does. `behind`: older than the folder's limit, or changes wait. */
export const copyState = z.enum(['good', 'behind', 'away', 'damaged', 'new']);
export type CopyState = z.infer<typeof copyState>;

export const copy = z.object({
  destinationId,
  destinationName: z.string(),
  kind: storageKind,
  offsite: z.boolean(),
  state: copyState,
  /** Why the state is what it is, one sentence for a person. */
  reason: z.string(),
  lastSnapshotAt: moment.nullable(),
  lastVerifiedAt: moment.nullable(),
});
export type Copy = z.infer<typeof copy>;

/** What the screen offers to mend a missing part of the 3-2-1 rule. */
export const fix = z.discriminatedUnion('action', [
  z.object({ action: z.literal('add-destination'), kind: storageKind, offsite: z.boolean() }),
  z.object({ action: z.literal('attach-destination'), destinationId }),
  z.object({ action: z.literal('back-up-now'), destinationId }),
  /** Everything is stored, but no restore was tried (lately). */
  z.object({ action: z.literal('prove'), destinationId }),
  z.object({ action: z.literal('reconnect'), destinationId }),
  z.object({ action: z.literal('check'), destinationId }),
]);
export type Fix = z.infer<typeof fix>;

export const rulePart = z.enum(['copies', 'kinds', 'offsite']);
export const rule = z.object({
  satisfied: z.boolean(),
  copies: z.object({ have: count, need: count }),
  kinds: z.object({ have: count, need: count }),
  offsite: z.object({ have: count, need: count }),
  /** One entry for each part that does not hold: the sentence and the button. */
  missing: z.array(z.object({ part: rulePart, text: z.string(), fix })),
});
export type Rule = z.infer<typeof rule>;

export const watchState = z.object({
  /** `scheduled`: no live watching here, full scans on the clock do the work; `reason` says why. */
  state: z.enum(['starting', 'watching', 'scheduled', 'paused', 'missing']),
  reason: z.string().nullable(),
  changesWaiting: count,
});

export const folder = z.object({
  id: folderId,
  name: z.string(),
  path: z.string(),
  excludes: z.array(z.string()),
  /** Files larger than this are left out; null keeps all. */
  excludeLargerThan: bytes.nullable(),
  /** Leave out directories that carry CACHEDIR.TAG or a .nobackup file. */
  honourMarkers: z.boolean(),
  destinationIds: z.array(destinationId),
  /** A copy older than this many hours is `behind` even when nothing is known to have changed. */
  maxAgeHours: z.number().positive(),
  copies: z.array(copy),
  rule,
  watch: watchState,
  lastBackupAt: moment.nullable(),
  overdue: z.boolean(),
  /** What the last snapshot could not hold: named in the report of that run. */
  leftOut: z.object({ unreadable: count, excluded: count }),
  size: z.object({ files: count, bytes }).nullable(),
  activeRun: run.nullable(),
});
export type Folder = z.infer<typeof folder>;

const folderFields = z.object({
  name: z.string().min(1).optional(),
  excludes: z.array(z.string()).optional(),
  excludeLargerThan: bytes.nullable().optional(),
  honourMarkers: z.boolean().optional(),
  destinationIds: z.array(destinationId).optional(),
  maxAgeHours: z.number().positive().optional(),
});

export const folderMethods = {
  'folders.list': method(nothing, z.array(folder)),
  'folders.add': method(folderFields.extend({ path: z.string().min(1) }), folder),
  'folders.update': method(folderFields.extend({ id: folderId }), folder),
  /** Stops protecting the folder; its snapshots stay at the destinations. */
  'folders.remove': method(z.object({ id: folderId }), nothing),
} as const;
