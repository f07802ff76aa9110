import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Copy, Folder, Rule } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import type { Settings, SystemInfo } from '../../main/api/contract/system.ts';
import type { DestinationId, FolderId, RunId } from '../../main/api/contract/values.ts';

/** Believable states of the app for screens to be looked at and tested on. */

export type Scenario = 'fresh' | 'good' | 'trouble' | 'returned' | 'empty' | 'locked' | 'no-rclone';

export interface World {
  info: SystemInfo;
  settings: Settings;
  folders: Folder[];
  destinations: Destination[];
  runs: Run[];
  passphrase: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GB = 1e9;

export const asFolder = (text: string) => text as FolderId;
export const asDestination = (text: string) => text as DestinationId;
export const asRun = (text: string) => text as RunId;

export function makeWorld(scenario: Scenario, now: number): World {
  const at = (before: number) => new Date(now - before).toISOString();
  const started = scenario !== 'fresh' && scenario !== 'no-rclone';
  const world: World = {
    info: info(scenario, started, at(20 * DAY)),
    settings: SETTINGS,
    folders: [],
    destinations: [],
    runs: [],
    passphrase: started ? 'harbour violet ladder nine' : '',
  };
  if (!started || scenario === 'empty') return world;
  world.destinations = destinations(scenario, at);
  world.folders = folders(scenario, world.destinations, at);
  world.runs = runs(scenario, world, at);
  return world;
}

const SETTINGS: Settings = {
  theme: 'auto',
  quietSeconds: 10,
  maxWaitSeconds: 300,
  fullScanHours: 24,
  checkEveryDays: 7,
  drillEveryDays: 14,
  pauseOnBattery: false,
  paused: false,
  notifications: true,
  startAtLogin: true,
  closeToTray: true,
  uploadLimitKiBps: 0,
  downloadLimitKiBps: 0,
};

function info(scenario: Scenario, started: boolean, when: string): SystemInfo {
  const hint = 'Install rclone 1.60 or newer (on Debian: apt install rclone).';
  return {
    version: '0.1.0',
    host: 'browser',
    platform: 'linux',
    hostname: 'maple',
    homeFolder: '/home/ada',
    stateFolder: '/home/ada/.local/share/triplicate',
    rclone:
      scenario === 'no-rclone'
        ? { available: false, version: null, hint }
        : { available: true, version: '1.60.1', hint: null },
    setup: {
      passphraseSet: started,
      unlocked: scenario !== 'locked',
      recoveryKitSavedAt: started && scenario !== 'trouble' ? when : null,
      recoveryKitLacks: [],
      recoveryKitTriedAt: started && scenario !== 'trouble' ? when : null,
      finished: started,
    },
    keyProtection: 'file',
    nativeDialogs: false,
  };
}

function destinations(scenario: Scenario, at: (before: number) => string): Destination[] {
  const retention = {
    keepAllHours: 24,
    hourlyForHours: 48,
    dailyForDays: 30,
    weeklyForWeeks: 12,
    monthlyForMonths: 24,
  };
  const shared = {
    problem: null,
    retention,
    minIntervalMinutes: 0,
    catchUp: 'ask' as const,
    missed: null,
    queued: 0,
    lastPruneAt: at(6 * DAY),
  };
  const trouble = scenario === 'trouble';
  return [
    {
      ...shared,
      id: asDestination('d-disk'),
      name: 'Blue disk',
      location: '/media/ada/BLUE/Triplicate',
      kind: 'external',
      offsite: false,
      state: trouble ? 'away' : 'ready',
      freeBytes: trouble ? null : 612 * GB,
      totalBytes: trouble ? null : 1000 * GB,
      usedBytes: 214 * GB,
      snapshots: 1284,
      missed: scenario === 'returned' ? { moments: 12, at: [asDestination('d-cloud'), asDestination('d-nas')] } : null,
      lastSeenAt: at(trouble ? 9 * DAY : 4 * MINUTE),
      lastCheckAt: at(trouble ? 12 * DAY : 2 * DAY),
      queued: trouble ? 3 : 0,
    },
    {
      ...shared,
      id: asDestination('d-cloud'),
      name: 'Backblaze',
      location: 'rclone:b2:ada-triplicate',
      kind: 'cloud',
      offsite: true,
      state: trouble ? 'blocked' : 'ready',
      problem: trouble
        ? {
            code: 'store/denied',
            message: 'Backblaze refuses the login.',
            hint: 'The access key may have been withdrawn. Renew it with `rclone config`, then test again. What is stored there is safe.',
            retry: 'never',
            data: {},
          }
        : null,
      freeBytes: null,
      totalBytes: null,
      usedBytes: 198 * GB,
      snapshots: 612,
      lastSeenAt: at(trouble ? 26 * HOUR : 12 * MINUTE),
      lastCheckAt: at(5 * DAY),
      minIntervalMinutes: 60,
    },
    {
      ...shared,
      id: asDestination('d-nas'),
      name: 'Attic server',
      location: 'rclone:attic:backups/ada',
      kind: 'network',
      offsite: false,
      state: trouble ? 'damaged' : 'ready',
      freeBytes: 71 * GB,
      totalBytes: 2000 * GB,
      usedBytes: 240 * GB,
      snapshots: 96,
      lastSeenAt: at(30 * MINUTE),
      lastCheckAt: at(1 * DAY),
      minIntervalMinutes: 1440,
    },
  ];
}

function folders(scenario: Scenario, places: readonly Destination[], at: (before: number) => string): Folder[] {
  const trouble = scenario === 'trouble';
  const [disk, cloud, nas] = places as [Destination, Destination, Destination];
  const shared = {
    excludes: ['*.tmp', 'node_modules'],
    excludeLargerThan: null,
    honourMarkers: true,
    maxAgeHours: 24,
    overdue: false,
    leftOut: { unreadable: 0, excluded: 12 },
    activeRun: null,
  };
  return [
    {
      ...shared,
      id: asFolder('f-documents'),
      name: 'Documents',
      path: '/home/ada/Documents',
      destinationIds: [disk.id, cloud.id],
      copies: [
        copy(
          disk,
          trouble ? 'away' : 'good',
          trouble ? 'Blue disk has not been connected for 9 days.' : 'Holds everything as it is now.',
          at(trouble ? 9 * DAY : 4 * MINUTE),
          at(2 * DAY),
        ),
        copy(
          cloud,
          trouble ? 'behind' : 'good',
          trouble ? 'The login is refused since yesterday; 214 changes wait.' : 'Holds everything as it is now.',
          at(trouble ? 26 * HOUR : 12 * MINUTE),
          at(5 * DAY),
        ),
      ],
      rule: trouble
        ? rule(1, 1, 0, [
            {
              part: 'copies',
              text: 'Blue disk has not been seen for 9 days.',
              fix: { action: 'reconnect', destinationId: disk.id },
            },
            {
              part: 'offsite',
              text: 'The copy at Backblaze is behind: its login is refused.',
              fix: { action: 'reconnect', destinationId: cloud.id },
            },
          ])
        : rule(3, 3, 1, []),
      watch: { state: 'watching', reason: null, changesWaiting: trouble ? 214 : 0 },
      lastBackupAt: at(trouble ? 26 * HOUR : 4 * MINUTE),
      overdue: trouble,
      size: { files: 12_431, bytes: 18.4 * GB },
    },
    {
      ...shared,
      id: asFolder('f-photos'),
      name: 'Photos',
      path: '/home/ada/Pictures/Photos',
      destinationIds: [disk.id, cloud.id, nas.id],
      copies: [
        copy(
          disk,
          trouble ? 'away' : 'good',
          trouble ? 'Blue disk has not been connected for 9 days.' : 'Holds everything as it is now.',
          at(trouble ? 9 * DAY : 2 * HOUR),
          at(2 * DAY),
        ),
        copy(cloud, 'good', 'Holds everything as it is now.', at(2 * HOUR), at(5 * DAY)),
        copy(
          nas,
          trouble ? 'damaged' : 'good',
          trouble ? 'The last check found 2 damaged packs.' : 'Holds everything as it is now.',
          at(20 * HOUR),
          at(1 * DAY),
        ),
      ],
      rule: trouble
        ? rule(2, 2, 1, [
            {
              part: 'copies',
              text: 'The copy on Attic server is damaged.',
              fix: { action: 'check', destinationId: nas.id },
            },
          ])
        : rule(4, 4, 1, []),
      watch: {
        state: 'scheduled',
        reason: 'Too many folders to watch live; it is looked through every hour.',
        changesWaiting: 0,
      },
      lastBackupAt: at(2 * HOUR),
      leftOut: { unreadable: trouble ? 3 : 0, excluded: 0 },
      size: { files: 84_220, bytes: 191 * GB },
    },
    {
      ...shared,
      id: asFolder('f-thesis'),
      name: 'Thesis',
      path: '/home/ada/work/thesis',
      destinationIds: trouble ? [disk.id] : [disk.id, cloud.id],
      copies: [
        copy(
          disk,
          trouble ? 'away' : 'good',
          trouble ? 'Blue disk has not been connected for 9 days.' : 'Holds everything as it is now.',
          at(trouble ? 9 * DAY : 40 * MINUTE),
          at(2 * DAY),
        ),
        ...(trouble ? [] : [copy(cloud, 'good', 'Holds everything as it is now.', at(40 * MINUTE), null)]),
      ],
      rule: trouble
        ? rule(1, 1, 0, [
            {
              part: 'copies',
              text: 'Only the original can be counted on now.',
              fix: { action: 'attach-destination', destinationId: cloud.id },
            },
            {
              part: 'kinds',
              text: 'All copies lie on one kind of storage.',
              fix: { action: 'attach-destination', destinationId: cloud.id },
            },
            {
              part: 'offsite',
              text: 'No copy is in another place.',
              fix: { action: 'add-destination', kind: 'cloud', offsite: true },
            },
          ])
        : rule(3, 3, 1, []),
      watch: { state: 'watching', reason: null, changesWaiting: trouble ? 0 : 2 },
      lastBackupAt: at(trouble ? 9 * DAY : 40 * MINUTE),
      overdue: trouble,
      size: { files: 913, bytes: 0.41 * GB },
    },
  ];
}

function copy(
  place: Destination,
  state: Copy['state'],
  reason: string,
  snapshot: string,
  verified: string | null,
): Copy {
  return {
    destinationId: place.id,
    destinationName: place.name,
    kind: place.kind,
    offsite: place.offsite,
    state,
    reason,
    lastSnapshotAt: snapshot,
    lastVerifiedAt: verified,
  };
}

export function rule(copies: number, kinds: number, offsite: number, missing: Rule['missing']): Rule {
  return {
    satisfied: missing.length === 0,
    copies: { have: copies, need: 3 },
    kinds: { have: kinds, need: 2 },
    offsite: { have: offsite, need: 1 },
    missing,
  };
}

function runs(scenario: Scenario, world: World, at: (before: number) => string): Run[] {
  const list: Run[] = [];
  for (let index = 0; index < 60; index += 1) {
    const folder = world.folders[index % world.folders.length];
    if (folder === undefined) break;
    const before = 4 * MINUTE + index * 97 * MINUTE;
    const partial = scenario === 'trouble' && index % 9 === 1;
    const failed = scenario === 'trouble' && index % 11 === 0;
    const kind =
      index % 13 === 5
        ? 'check'
        : index % 17 === 7
          ? 'drill'
          : index === 14
            ? 'restore'
            : index === 22
              ? 'prune'
              : 'backup';
    const place = world.destinations[index % 3]?.name ?? '';
    const title = {
      backup: `Back up ${folder.name}`,
      check: `Check ${place}`,
      drill: `Try a restore from ${place}`,
      restore: `Restore from ${folder.name}`,
      prune: `Clean up ${place}`,
      'catch-up': `Copy what ${place} missed`,
    }[kind];
    list.push({
      id: asRun(`r-${index}`),
      kind,
      state: failed ? 'failed' : partial ? 'partial' : index === 9 ? 'cancelled' : 'done',
      title,
      folderId: kind === 'backup' || kind === 'restore' ? folder.id : null,
      destinationIds: kind === 'backup' ? [...folder.destinationIds] : [asDestination('d-disk')],
      cause: index % 5 === 0 ? 'schedule' : index % 7 === 0 ? 'person' : 'change',
      createdAt: at(before + 30_000),
      startedAt: at(before + 28_000),
      endedAt: at(before),
      progress: null,
      report: failed ? null : report(kind, index, partial ? 'partial' : 'whole'),
      error: failed
        ? {
            code: 'store/denied',
            message: 'Backblaze refuses the login.',
            hint: 'Renew the key with `rclone config`, then run it again. The other copies are not affected.',
            retry: 'never',
            data: {},
          }
        : null,
    });
  }
  return list;
}

export function report(kind: Run['kind'], seed: number, extent: 'partial' | 'whole'): NonNullable<Run['report']> {
  const fresh = (seed * 7) % 23;
  const changed = (seed * 5) % 11;
  const summary = {
    backup: `${fresh + changed === 0 ? 'Nothing had changed' : `${fresh} new and ${changed} changed files`}, stored twice.`,
    check: 'All indexes and packs are complete.',
    drill: '40 files restored and compared byte for byte: all equal.',
    restore: 'Everything was restored and verified.',
    prune: '31 old snapshots forgotten, 4.2 GB freed.',
    'catch-up': '12 moments copied over and verified; 1.8 GB stored.',
  }[kind];
  const named = ['Photos/2024/locked-album.lrcat', 'Photos/import/IMG_2210.CR3', 'Photos/import/IMG_2211.CR3'];
  return {
    summary: extent === 'partial' ? `${summary} 3 files could not be read.` : summary,
    filesNew: fresh,
    filesChanged: changed,
    filesUnchanged: 12_400,
    filesRemoved: seed % 3,
    bytesRead: (fresh + changed) * 3.4e6,
    bytesStored: (fresh + changed) * 1.9e6,
    filesRestored: kind === 'restore' ? 18 : kind === 'drill' ? 40 : 0,
    bytesRestored: kind === 'restore' ? 42e6 : kind === 'drill' ? 310e6 : 0,
    findings:
      extent === 'partial'
        ? named.map((path) => ({
            level: 'warning' as const,
            code: 'source/unreadable',
            text: 'Could not be read; its previous version is kept.',
            path,
          }))
        : [],
    moreFindings: 0,
    snapshots: [{ destinationId: asDestination('d-disk'), snapshotId: 'a'.repeat(64) }],
  };
}
