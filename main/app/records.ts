import { z } from 'zod';
import { catchUp, retention } from '../api/contract/destinations.ts';
import { run } from '../api/contract/runs.ts';
import { settings } from '../api/contract/system.ts';
import { bytes, count, destinationId, folderId, moment, storageKind, wireError } from '../api/contract/values.ts';

/** What the app keeps between two starts. Views for the screen are made from these; nothing derived is stored. */

export const folderRecord = z.object({
  id: folderId,
  name: z.string(),
  path: z.string(),
  excludes: z.array(z.string()),
  excludeLargerThan: bytes.nullable(),
  honourMarkers: z.boolean(),
  destinationIds: z.array(destinationId),
  maxAgeHours: z.number().positive(),
  addedAt: moment,
});
export type FolderRecord = z.infer<typeof folderRecord>;

export const destinationRecord = z.object({
  id: destinationId,
  name: z.string(),
  location: z.string(),
  /** The folder of this computer that the location stands for, when its text is no path: a remote of rclone may be one. */
  folder: z.string().nullable().default(null),
  /** Of the repository that is there: no other one is taken for it. Null until it was opened. */
  repositoryId: z.string().nullable().default(null),
  /** `own`: the repository has another passphrase than all others; only the key store has it. */
  key: z.enum(['main', 'own']).default('main'),
  kind: storageKind,
  offsite: z.boolean(),
  minIntervalMinutes: count,
  retention,
  catchUp: catchUp.default('ask'),
  addedAt: moment,
  /** Set by a check or drill that failed, cleared by one that passed. */
  damage: wireError.nullable(),
  lastSeenAt: moment.nullable(),
  lastCheckAt: moment.nullable(),
  lastDrillAt: moment.nullable(),
  lastPruneAt: moment.nullable(),
  usedBytes: bytes.nullable(),
  snapshots: count.nullable(),
});
export type DestinationRecord = z.infer<typeof destinationRecord>;

/** One folder at one destination. */
export const copyRecord = z.object({
  folderId,
  destinationId,
  lastSnapshotAt: moment.nullable(),
  lastSnapshotId: z.string().nullable(),
  lastVerifiedAt: moment.nullable(),
  lastFullScanAt: moment.nullable(),
  /** The last attempt, when it failed; the sentence goes on the screen. */
  problem: wireError.nullable(),
});
export type CopyRecord = z.infer<typeof copyRecord>;

export const folderFacts = z.object({
  folderId,
  leftOut: z.object({ unreadable: count, excluded: count }),
  /** The directories in which the unreadable ones are, with how many: known until a run looks there again. */
  unread: z.array(z.object({ directory: z.string(), entries: count })).default([]),
  size: z.object({ files: count, bytes }).nullable(),
});
export type FolderFacts = z.infer<typeof folderFacts>;

export const configuration = z.object({
  settings,
  setup: z.object({
    recoveryKitSavedAt: moment.nullable(),
    recoveryKitTriedAt: moment.nullable(),
    finished: z.boolean(),
    passphraseSet: z.boolean(),
  }),
  folders: z.array(folderRecord),
  destinations: z.array(destinationRecord),
});
export type Configuration = z.infer<typeof configuration>;

/** What is known of one destination beyond its settings. */
export const placeRecord = z.object({
  destinationId,
  /** Ids of the snapshots that were stored there and are not known to be forgotten: what its listing must name. */
  written: z.array(z.string()),
  /** When it was not there or could not be written to, oldest first; `to` is null while that lasts. */
  absences: z.array(z.object({ from: moment, to: moment.nullable() })).default([]),
  /** `asked`: what it missed is to be copied over, also after a restart. `stopped`: not by itself before the next absence. */
  catchingUp: z.enum(['no', 'asked', 'stopped']).default('no'),
});
export type PlaceRecord = z.infer<typeof placeRecord>;

export const ledger = z.object({
  copies: z.array(copyRecord),
  places: z.array(placeRecord).default([]),
  facts: z.array(folderFacts),
  /** Newest last. */
  runs: z.array(run),
});
export type Ledger = z.infer<typeof ledger>;

export const FIRST_CONFIGURATION: Configuration = {
  settings: {
    theme: 'auto',
    quietSeconds: 10,
    maxWaitSeconds: 300,
    fullScanHours: 24,
    checkEveryDays: 7,
    drillEveryDays: 30,
    pauseOnBattery: false,
    paused: false,
    notifications: true,
    startAtLogin: false,
    closeToTray: true,
    uploadLimitKiBps: 0,
    downloadLimitKiBps: 0,
  },
  setup: { recoveryKitSavedAt: null, recoveryKitTriedAt: null, finished: false, passphraseSet: false },
  folders: [],
  destinations: [],
};

export const FIRST_LEDGER: Ledger = { copies: [], places: [], facts: [], runs: [] };
