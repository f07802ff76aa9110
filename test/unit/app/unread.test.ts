import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../../../main/api/contract/destinations.ts';
import type { DestinationId, FolderId } from '../../../main/api/contract/values.ts';
import { type App, createApp } from '../../../main/app/compose.ts';
import { pauseAfter } from '../../../main/app/due.ts';
import type { BackupCall, BackupOutcome, Engine } from '../../../main/app/engine-link/calls.ts';
import { PendingChanges } from '../../../main/app/pending-changes.ts';
import type { AppPorts } from '../../../main/app/ports.ts';
import {
  type Configuration,
  type DestinationRecord,
  FIRST_CONFIGURATION,
  FIRST_LEDGER,
  type FolderRecord,
  ledger as ledgerSchema,
} from '../../../main/app/records.ts';
import { countUnread, directoriesOf, unreadAfter } from '../../../main/app/unread.ts';
import { TriplicateError } from '../../../main/engine/errors.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';
import { type ToldWatcher, toldWatcher } from '../../support/told-watcher.ts';

const MINUTE = 60_000;

describe('what could not be read', () => {
  const known = [
    { directory: '/f/a', entries: 2 },
    { directory: '/f/b', entries: 1 },
  ];
  const changes = { scan: 'changes', unread: [], moreUnread: 0 } as const;

  it('stays known where a run of changes did not look', () => {
    expect(unreadAfter(known, { ...changes, lookedAt: ['/f/c'] })).toEqual(known);
    expect(unreadAfter(known, { ...changes, lookedAt: ['/f/a'] })).toEqual(known.slice(1));
  });
  it('is what the run says where it looked', () => {
    const unread = ['/f/a/one', '/f/c/two', '/f/c/three'];
    expect(countUnread(unreadAfter(known, { ...changes, lookedAt: ['/f/a', '/f/c'], unread }))).toBe(4);
  });
  it('is what a full scan says, also one that was to be a run of changes', () => {
    const full = { scan: 'full', unread: ['/f/c/two'], moreUnread: 0 } as const;
    for (const lookedAt of [null, ['/f/c']])
      expect(unreadAfter(known, { ...full, lookedAt })).toEqual([{ directory: '/f/c', entries: 1 }]);
  });
  it('is counted where it is too much to be named, until the next full scan', () => {
    const many = unreadAfter([], { scan: 'full', lookedAt: null, unread: ['/f/a/one'], moreUnread: 5 });
    expect(countUnread(many)).toBe(6);
    expect(countUnread(unreadAfter(many, { ...changes, lookedAt: ['/f/a'] }))).toBe(5);
    expect(countUnread(unreadAfter(many, { ...changes, lookedAt: null, scan: 'full' }))).toBe(0);
  });
});

describe('what is to be looked at again', () => {
  const unread = directoriesOf(['/f/a/one']);
  const add = (pending: PendingChanges, directory: string) =>
    pending.add('f', 'd', new Set([directory]), 'change', 5 * MINUTE);

  it('goes with the next run, whatever that is for', () => {
    const pending = new PendingChanges();
    pending.lookAgain('f', 'd', unread, 0);
    expect(pending.get('f', 'd')).toBeUndefined();
    add(pending, '/f/b');
    expect(pending.take('f', 'd')).toMatchObject({
      directories: new Set(['/f/b', '/f/a', '/f/a/one']),
      cause: 'change',
    });
    pending.lookAgain('f', 'd', new Set(), MINUTE);
    add(pending, '/f/b');
    expect(pending.take('f', 'd')).toMatchObject({ directories: new Set(['/f/b']) });
  });

  it('goes with the next run only, where an earlier start knew of it', () => {
    const pending = new PendingChanges();
    pending.lookAgain('f', 'd', unread, 0, 'known');
    expect(pending.again('f', 'd')?.at).toBeNull();
    add(pending, '/f/b');
    expect(pending.take('f', 'd')).toMatchObject({ directories: new Set(['/f/b', '/f/a', '/f/a/one']) });
    pending.lookAgain('f', 'd', directoriesOf(['/f/c/two']), MINUTE);
    expect(pending.again('f', 'd')?.at).toBe(2 * MINUTE);
  });

  it('is due by itself ever more seldom, and then no more', () => {
    const pending = new PendingChanges();
    const waits: (number | null)[] = [];
    let now = 0;
    for (let round = 0; round < 8; round++) {
      pending.lookAgain('f', 'd', unread, now);
      const at = pending.again('f', 'd')?.at ?? null;
      waits.push(at === null ? null : at - now);
      now = at ?? now;
    }
    expect(waits).toEqual([...[1, 2, 3, 4, 5, 6].map(pauseAfter), null, null]);
    pending.lookAgain('f', 'd', directoriesOf(['/f/a/one', '/f/b/two']), now);
    expect(pending.again('f', 'd')?.at).toBe(now + MINUTE);
  });

  it('is due no later and no sooner for runs for something else', () => {
    const pending = new PendingChanges();
    pending.lookAgain('f', 'd', unread, 0);
    for (let second = 1; second < 60; second++) pending.lookAgain('f', 'd', unread, second * 1000);
    expect(pending.again('f', 'd')).toMatchObject({ tries: 1, at: MINUTE });
  });

  it('goes with its folder', () => {
    const pending = new PendingChanges();
    pending.lookAgain('f', 'd', unread, 0);
    pending.drop('f');
    expect(pending.again('f', 'd')).toBeUndefined();
  });
});

it('takes a ledger of before for one that knows nothing of it', () => {
  const facts = { folderId: randomUUID(), leftOut: { unreadable: 3, excluded: 0 }, size: null };
  const { facts: read } = ledgerSchema.parse({ ...FIRST_LEDGER, facts: [facts] });
  expect(read).toEqual([{ ...facts, unread: [] }]);
});

/** The app with a watcher and an engine of which the test says what they see. */
describe('the app', () => {
  const folderId = randomUUID() as unknown as FolderId;
  const usb = randomUUID() as unknown as DestinationId;
  const root = '/nowhere/source';
  const secret = `${root}/a/secret`;
  let home: TemporaryFolder;
  let app: App | undefined;
  /** What each backup was to look at. */
  let looked: (readonly string[] | null)[];
  let unread: readonly string[];
  let ahead: number;
  let watcher: ToldWatcher;

  beforeEach(async () => {
    home = await temporaryFolder('unread');
    looked = [];
    unread = [];
    watcher = toldWatcher();
    ahead = 0;
    const settings = { ...FIRST_CONFIGURATION.settings, quietSeconds: 1, checkEveryDays: 0, drillEveryDays: 0 };
    const configuration: Configuration = {
      ...FIRST_CONFIGURATION,
      settings,
      folders: [folderRecord(folderId, root, usb)],
      destinations: [destinationRecord(usb)],
    };
    await writeFile(join(home.path, 'configuration.json'), JSON.stringify({ version: 1, state: configuration }));
    app = await createApp(ports(), { home: home.path, engine: engine() });
    await expect.poll(() => looked, { timeout: 15_000 }).toEqual([null]);
  });
  afterEach(async () => {
    await app?.close();
    await home.remove();
  });

  function engine(): Engine {
    const answers: Record<string, (input: never) => unknown> = {
      probe: () => ({ freeBytes: 1, totalBytes: 1, latencyMs: 1, repository: 'present' }),
      goneSnapshots: () => [],
      open: () => ({ repositoryId: 'one' }),
      usage: () => ({ usedBytes: 1, snapshots: 1 }),
      missed: () => [],
      limits: () => null,
      backup: ({ dirtyDirectories }: BackupCall) => {
        looked.push(dirtyDirectories);
        return outcome(dirtyDirectories ? 'changes' : 'full', unread);
      },
    };
    return {
      call: async (name, input) => {
        const answer = answers[name];
        if (!answer) throw new TriplicateError('store/unreachable', 'Nothing else is asked for.');
        return answer(input as never) as never;
      },
      close: async () => undefined,
    };
  }

  function ports(): AppPorts {
    return barePorts({
      clock: { now: () => Date.now() + ahead },
      startProcess: watcher.startProcess,
    });
  }

  const shown = () => app?.folders.list()[0]?.leftOut.unreadable;
  const changed = (directory: string) => watcher.tell({ kind: 'dirty', root, directories: [directory] });
  const runs = (count: number) => expect.poll(() => looked.length, { timeout: 15_000 }).toBe(count);

  it('looks again with the next change, goes on telling, and writes it down', async () => {
    unread = [secret];
    changed(`${root}/a`);
    await expect.poll(shown, { timeout: 15_000 }).toBe(1);
    expect(looked.at(-1)).toEqual([`${root}/a`]);
    changed(`${root}/b`);
    await runs(3);
    expect(looked.at(-1)?.toSorted()).toEqual([`${root}/a`, secret, `${root}/b`]);
    await expect.poll(() => app?.runs.open().length, { timeout: 15_000 }).toBe(0);
    expect(shown()).toBe(1);
    const written = ledgerSchema.parse(JSON.parse(await readFile(join(home.path, 'ledger.json'), 'utf8')).state);
    expect(written.facts[0]?.unread).toEqual([{ directory: `${root}/a`, entries: 1 }]);
    unread = [];
    changed(`${root}/b`);
    await expect.poll(shown, { timeout: 15_000 }).toBe(0);
    expect(looked).toHaveLength(4);
    changed(`${root}/b`);
    await runs(5);
    expect(looked.at(-1)).toEqual([`${root}/b`]);
  }, 90_000);

  it('makes no run of its own, and so no version, for what the start before knew of already', async () => {
    unread = [secret];
    changed(`${root}/a`);
    await expect.poll(shown, { timeout: 15_000 }).toBe(1);
    await app?.close();
    looked = [];
    app = await createApp(ports(), { home: home.path, engine: engine() });
    await runs(1);
    await expect.poll(() => app?.runs.open().length, { timeout: 15_000 }).toBe(0);
    ahead = 61_000;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(looked).toEqual([null]);
    expect(shown()).toBe(1);
  }, 90_000);

  it('looks again by itself after a pause, and not in a circle; nothing counts as waiting meanwhile', async () => {
    unread = [secret];
    changed(`${root}/a`);
    await expect.poll(shown, { timeout: 15_000 }).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(looked).toHaveLength(2);
    expect(app?.folders.list()[0]?.watch.changesWaiting).toBe(0);
    ahead = 61_000;
    await runs(3);
    expect(looked.at(-1)?.toSorted()).toEqual([`${root}/a`, secret]);
    await new Promise((resolve) => setTimeout(resolve, 1800));
    expect(looked).toHaveLength(3);
    unread = [];
    ahead += 121_000;
    await expect.poll(shown, { timeout: 15_000 }).toBe(0);
    expect(looked).toHaveLength(4);
  }, 90_000);
});

function outcome(scan: 'full' | 'changes', unread: readonly string[]): BackupOutcome {
  const text = 'It cannot be read.';
  return {
    results: [{ snapshotId: randomUUID(), error: null, bytesAdded: 0, damagedParts: 0 }],
    scan,
    filesNew: 0,
    filesChanged: 0,
    filesUnchanged: 1,
    filesRemoved: 0,
    bytesTotal: 1,
    bytesRead: 0,
    excluded: 0,
    leftOut: unread.map((path) => ({ path, reason: 'unreadable', text, partial: 'yes' as const })),
    moreLeftOut: 0,
    unread,
    moreUnread: 0,
  };
}

function folderRecord(id: FolderId, path: string, destinationId: DestinationId): FolderRecord {
  const options = { excludes: [], excludeLargerThan: null, honourMarkers: false, maxAgeHours: 48 };
  return { id, name: id, path, destinationIds: [destinationId], addedAt: new Date().toISOString(), ...options };
}

function destinationRecord(id: DestinationId): DestinationRecord {
  const now = new Date().toISOString();
  const never = { folder: null, repositoryId: null, damage: null, lastDrillAt: null, usedBytes: null, snapshots: null };
  const lately = { addedAt: now, lastSeenAt: now, lastCheckAt: now, lastPruneAt: now };
  const place = { id, name: id, location: `/nowhere/${id}`, key: 'main', kind: 'external' } as const;
  const rules = { offsite: false, minIntervalMinutes: 0 };
  return { ...place, ...never, ...lately, ...rules, retention: DEFAULT_RETENTION, catchUp: 'ask' };
}
