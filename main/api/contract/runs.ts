import { z } from 'zod';
import { method } from './method.ts';
import { bytes, count, destinationId, folderId, moment, nothing, runId, wireError } from './values.ts';

export const runKind = z.enum(['backup', 'restore', 'check', 'drill', 'prune', 'catch-up']);
export type RunKind = z.infer<typeof runKind>;

/** `partial`: done, but something was left out, and the report names it. */
export const runState = z.enum(['queued', 'running', 'done', 'partial', 'failed', 'cancelled']);
export type RunState = z.infer<typeof runState>;

export const progress = z.object({
  /** One word of the work at hand: `scanning`, `reading`, `uploading`, `checking`, `restoring`, `pruning`, … */
  phase: z.string(),
  filesDone: count,
  filesTotal: count.nullable(),
  bytesDone: bytes,
  bytesTotal: bytes.nullable(),
  bytesPerSecond: bytes,
  /** Smoothed, so that it does not jump; null while it is not known. */
  secondsLeft: z.number().nonnegative().nullable(),
  currentPath: z.string().nullable(),
});
export type Progress = z.infer<typeof progress>;

/** One thing that a person should know of a run: a file left out, a damaged pack, … */
export const finding = z.object({
  level: z.enum(['info', 'warning', 'error']),
  code: z.string(),
  text: z.string(),
  path: z.string().nullable(),
});
export type Finding = z.infer<typeof finding>;

export const report = z.object({
  /** The result in one sentence. */
  summary: z.string(),
  filesNew: count,
  filesChanged: count,
  filesUnchanged: count,
  filesRemoved: count,
  bytesRead: bytes,
  bytesStored: bytes,
  filesRestored: count,
  bytesRestored: bytes,
  findings: z.array(finding),
  /** Findings beyond those listed above. */
  moreFindings: count,
  snapshots: z.array(z.object({ destinationId, snapshotId: z.string() })),
});
export type Report = z.infer<typeof report>;

/** What a check looks at: the names and sizes of all that is stored, or every byte of it as well. */
export const checkDepth = z.enum(['structure', 'read-data']);
export type CheckDepth = z.infer<typeof checkDepth>;

export const run = z.object({
  id: runId,
  kind: runKind,
  state: runState,
  /** What it works on, for the screen: names as they were when it ran. */
  title: z.string(),
  folderId: folderId.nullable(),
  destinationIds: z.array(destinationId),
  /** Why it ran. */
  cause: z.enum(['change', 'schedule', 'person', 'reconnected', 'start']),
  /** Of a check. */
  depth: checkDepth.optional(),
  createdAt: moment,
  startedAt: moment.nullable(),
  endedAt: moment.nullable(),
  progress: progress.nullable(),
  report: report.nullable(),
  error: wireError.nullable(),
});
export type Run = z.infer<typeof run>;

export const runMethods = {
  /** Queues a backup of the given folders (all when absent) to the given destinations (all of the folder when absent). */
  'runs.backup': method(
    z.object({ folderIds: z.array(folderId).optional(), destinationIds: z.array(destinationId).optional() }),
    z.object({ runs: z.array(run) }),
  ),
  'runs.check': method(z.object({ destinationId, readData: z.boolean() }), run),
  'runs.prune': method(z.object({ destinationId }), run),
  'runs.drill': method(z.object({ destinationId }), run),
  /** Copies over what the destination missed while it was away, from the others; goes on after a restart of the app. */
  'runs.catchUp': method(z.object({ destinationId }), run),
  'runs.cancel': method(z.object({ id: runId }), nothing),
  'runs.get': method(z.object({ id: runId }), run),
  /** Newest first; `after` pages on: the runs that are older than this one. */
  'runs.list': method(
    z.object({
      limit: count.max(500).default(100),
      after: runId.optional(),
      folderId: folderId.optional(),
      kinds: z.array(runKind).optional(),
      states: z.array(runState).optional(),
    }),
    z.array(run),
  ),
} as const;
