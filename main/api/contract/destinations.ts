import { z } from 'zod';
import { method } from './method.ts';
import { bytes, count, destinationId, moment, nothing, storageKind, wireError } from './values.ts';

/** The newest snapshots that stay; everything is kept for `keepAllHours`, then thinned out. 0 keeps none of that class. */
export const retention = z.object({
  keepAllHours: count,
  hourlyForHours: count,
  dailyForDays: count,
  weeklyForWeeks: count,
  monthlyForMonths: count,
});
export type Retention = z.infer<typeof retention>;
export const DEFAULT_RETENTION: Retention = {
  keepAllHours: 24,
  hourlyForHours: 48,
  dailyForDays: 30,
  weeklyForWeeks: 12,
  monthlyForMonths: 24,
};

/** What happens with the moments that a destination missed while it was away: a person is asked, or they are copied over. */
export const catchUp = z.enum(['ask', 'always']);

export const destination = z.object({
  id: destinationId,
  name: z.string(),
  location: z.string(),
  kind: storageKind,
  offsite: z.boolean(),
  /** `ready` answers; `away` cannot be reached now (not an error); `blocked` needs a person: see `problem`. */
  state: z.enum(['ready', 'away', 'damaged', 'blocked', 'unknown']),
  problem: wireError.nullable(),
  freeBytes: bytes.nullable(),
  totalBytes: bytes.nullable(),
  /** Stored bytes of the repository, where known. */
  usedBytes: bytes.nullable(),
  snapshots: count.nullable(),
  lastSeenAt: moment.nullable(),
  lastCheckAt: moment.nullable(),
  lastPruneAt: moment.nullable(),
  /** Runs at most this often, in minutes; 0 follows every change. */
  minIntervalMinutes: count,
  retention,
  catchUp,
  /**
   * Moments that it lacks from while it was away and would keep by its rules, and the destinations that have them; null
   * when there are none, or it is not there.
   */
  missed: z.object({ moments: count, at: z.array(destinationId) }).nullable(),
  /** Runs that wait in this destination's queue. */
  queued: count,
});
export type Destination = z.infer<typeof destination>;

/** What a test of a place found out; `error` when it did not work. */
export const destinationTest = z.object({
  reachable: z.boolean(),
  writable: z.boolean(),
  /** `foreign`: the place holds other files; `locked-out`: a repository that the passphrase does not open. */
  content: z.enum(['empty', 'repository', 'locked-out', 'foreign', 'unknown']),
  freeBytes: bytes.nullable(),
  totalBytes: bytes.nullable(),
  latencyMs: z.number().nullable(),
  error: wireError.nullable(),
});
export type DestinationTest = z.infer<typeof destinationTest>;

/** A disk of this machine that could hold copies. */
export const disk = z.object({
  label: z.string(),
  path: z.string(),
  kind: storageKind,
  freeBytes: bytes,
  totalBytes: bytes,
  /** Where the app would put the repository on it. */
  suggestedPath: z.string(),
});
export type Disk = z.infer<typeof disk>;

const destinationFields = z.object({
  name: z.string().min(1).optional(),
  kind: storageKind.optional(),
  offsite: z.boolean().optional(),
  minIntervalMinutes: count.optional(),
  retention: retention.optional(),
  catchUp: catchUp.optional(),
});

export const destinationMethods = {
  'destinations.list': method(nothing, z.array(destination)),
  /** Creates the repository, or adopts the one that is there (its own passphrase when it differs). */
  'destinations.add': method(
    destinationFields.extend({
      name: z.string().min(1),
      location: z.string().min(1),
      passphrase: z.string().optional(),
    }),
    destination,
  ),
  /** `passphrase`: the one that opens the repository there now, when it is another than the app has. */
  'destinations.update': method(
    destinationFields.extend({ id: destinationId, passphrase: z.string().min(1).optional() }),
    destination,
  ),
  /** Forgets the destination; nothing is deleted there. */
  'destinations.remove': method(z.object({ id: destinationId }), nothing),
  /** The moments that it missed are not wanted there: they are no longer offered. */
  'destinations.leaveMissed': method(z.object({ id: destinationId }), nothing),
  'destinations.test': method(
    z.union([
      z.object({ id: destinationId }),
      z.object({ location: z.string().min(1), passphrase: z.string().optional() }),
    ]),
    destinationTest,
  ),
  /** Clears locks. Stale ones clear by themselves; this is for the person who knows that the other program is gone. */
  'destinations.unlock': method(z.object({ id: destinationId }), z.object({ removed: count })),
  /** Remotes that rclone already knows. */
  'destinations.remotes': method(
    nothing,
    z.object({ remotes: z.array(z.object({ name: z.string(), type: z.string() })), error: wireError.nullable() }),
  ),
  /** One folder of a remote, folders only; `path` is relative to the remote's root, which is the empty path. */
  'destinations.remoteFolders': method(
    z.object({ remote: z.string().min(1), path: z.string().max(4000).default('') }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string() })),
      /** Whether copies are kept here already: a repository's own folders. */
      repository: z.enum(['present', 'absent']),
    }),
  ),
  'destinations.disks': method(nothing, z.array(disk)),
} as const;
