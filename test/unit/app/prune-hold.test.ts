import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../../../main/api/contract/destinations.ts';
import type { DestinationId, FolderId } from '../../../main/api/contract/values.ts';
import { type App, createApp } from '../../../main/app/compose.ts';
import type { Engine } from '../../../main/app/engine-link/calls.ts';
import { pruneHold } from '../../../main/app/prune-hold.ts';
import {
  type Configuration,
  type DestinationRecord,
  FIRST_CONFIGURATION,
  FIRST_LEDGER,
  type FolderRecord,
  type Ledger,
} from '../../../main/app/records.ts';
import { TriplicateError } from '../../../main/engine/errors.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

const folderIds = [randomUUID(), randomUUID()] as unknown as readonly [FolderId, FolderId];
const [docs, photos] = folderIds;
const ids = Array.from({ length: 4 }, () => randomUUID()) as unknown as readonly DestinationId[];
const [usb, cloud, attic, apart] = ids as readonly [DestinationId, DestinationId, DestinationId, DestinationId];

const copy = (folderId: FolderId, destinationId: DestinationId) => ({
  folderId,
  destinationId,
  lastSnapshotAt: new Date().toISOString(),
});

describe('a damaged copy', () => {
  const folders = [
    { id: docs, destinationIds: [usb, cloud] },
    { id: photos, destinationIds: [apart] },
  ];
  const copies = [copy(docs, usb), copy(docs, cloud), copy(docs, attic), copy(photos, apart)];
  const holds = (id: DestinationId) => pruneHold(id, { folders, copies, damaged: new Set([usb]) });

  it('holds off thinning out where it is', () => expect(holds(usb)).toBe(usb));
  it('holds it off at the other destinations of the same folder', () => expect(holds(cloud)).toBe(usb));
  it('holds it off where the folder was once stored', () => expect(holds(attic)).toBe(usb));
  it('does not hold it off where nothing of it is', () => expect(holds(apart)).toBeUndefined());
  it('does not hold it off where the folder is yet to be stored', () =>
    expect(pruneHold(cloud, { folders, copies: [copy(docs, usb)], damaged: new Set([usb]) })).toBeUndefined());
  it('holds nothing off once it is whole', () =>
    expect(pruneHold(cloud, { folders, copies, damaged: new Set() })).toBeUndefined());
});

/** The app with an engine that only writes down where it was asked to prune. */
describe('the app', () => {
  let home: TemporaryFolder;
  let app: App | undefined;
  let pruned: string[];

  beforeEach(async () => {
    home = await temporaryFolder('prune-hold');
    pruned = [];
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await home.remove();
  });

  async function start(damaged: readonly DestinationId[], life: 'serving' | 'once'): Promise<App> {
    const configuration: Configuration = {
      ...FIRST_CONFIGURATION,
      folders: [folderRecord(docs, [usb, cloud]), folderRecord(photos, [apart])],
      destinations: [usb, cloud, apart].map((id) => destinationRecord(id, damaged.includes(id))),
    };
    const lastSnapshotAt = new Date().toISOString();
    const known = { lastSnapshotId: null, lastVerifiedAt: lastSnapshotAt, lastFullScanAt: lastSnapshotAt };
    const ledger: Ledger = {
      ...FIRST_LEDGER,
      copies: [copy(docs, usb), copy(docs, cloud), copy(photos, apart)].map((one) => ({
        ...one,
        ...known,
        problem: null,
      })),
    };
    await writeFile(join(home.path, 'configuration.json'), JSON.stringify({ version: 1, state: configuration }));
    await writeFile(join(home.path, 'ledger.json'), JSON.stringify({ version: 1, state: ledger }));
    app = await createApp(barePorts(), { home: home.path, life, engine: engine() });
    return app;
  }

  function engine(): Engine {
    const answers: Record<string, (input: never) => unknown> = {
      probe: () => ({ freeBytes: 1, totalBytes: 1, latencyMs: 1, repository: 'present' }),
      goneSnapshots: () => [],
      open: ({ repository }: { repository: { location: string } }) => ({ repositoryId: repository.location }),
      usage: () => ({ usedBytes: 1, snapshots: 1 }),
      missed: () => [],
      limits: () => null,
      forgetLocation: () => null,
      prune: ({ repository }: { repository: { location: string } }) => {
        pruned.push(repository.location);
        return { snapshotsRemoved: 0, snapshotsKept: 1, bytesFreed: 0, packsReplaced: 0, forgotten: [], held: [] };
      },
    };
    return {
      call: async (name, input) => {
        const answer = answers[name];
        // Says nothing of any destination.
        if (!answer) throw new TriplicateError('source/missing', 'The folder is not there.');
        return answer(input as never) as never;
      },
      close: async () => undefined,
    };
  }

  it('prunes nowhere by itself where a damaged copy could be repaired from, and elsewhere as ever', async () => {
    await start([usb], 'serving');
    await expect.poll(() => pruned).toEqual([place(apart)]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(pruned).toEqual([place(apart)]);
  });

  it('tells a person who asks for it, and goes on when the damaged copy is gone', async () => {
    const { work, destinations, runs } = await start([usb], 'once');
    for (const id of [usb, cloud])
      expect(() => work.prune(id, 'person')).toThrow(expect.objectContaining({ code: 'repo/damaged' }));
    await destinations.remove(usb);
    expect(await runs.ended(work.prune(cloud, 'person').id)).toMatchObject({ state: 'done' });
    expect(pruned).toEqual([place(cloud)]);
  });

  it('does not begin a prune for which damage was found while it waited', async () => {
    const { work, destinations, runs } = await start([], 'once');
    const first = work.prune(apart, 'person');
    const waiting = work.prune(cloud, 'person');
    const { damage } = destinationRecord(usb, true);
    await destinations.patch(usb, { damage });
    expect(await runs.ended(first.id)).toMatchObject({ state: 'done' });
    expect(await runs.ended(waiting.id)).toMatchObject({ state: 'failed', error: { code: 'repo/damaged' } });
    expect(pruned).toEqual([place(apart)]);
  });
});

const place = (id: DestinationId): string => `/nowhere/${id}`;

function folderRecord(id: FolderId, destinationIds: readonly DestinationId[]): FolderRecord {
  const addedAt = new Date().toISOString();
  const options = { excludes: [], excludeLargerThan: null, honourMarkers: false, maxAgeHours: 48 };
  return { id, name: id, path: `/nowhere/source/${id}`, destinationIds: [...destinationIds], addedAt, ...options };
}

function destinationRecord(id: DestinationId, isDamaged: boolean): DestinationRecord {
  const now = new Date().toISOString();
  const before = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const { code, message, hint, retry, data } = new TriplicateError('repo/damaged', 'A check found damage.');
  return {
    id,
    name: id,
    location: place(id),
    folder: null,
    key: 'main',
    repositoryId: null,
    kind: 'external',
    offsite: false,
    minIntervalMinutes: 0,
    retention: DEFAULT_RETENTION,
    catchUp: 'ask',
    addedAt: before,
    damage: isDamaged ? { code, message, hint, retry, data: { ...data } as never } : null,
    lastSeenAt: now,
    lastCheckAt: now,
    lastDrillAt: now,
    lastPruneAt: before,
    usedBytes: null,
    snapshots: null,
  };
}
