import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Run } from '../../../main/api/contract/runs.ts';
import type { DestinationId } from '../../../main/api/contract/values.ts';
import { CatchUp, type CatchUpParts } from '../../../main/app/catch-up.ts';
import { type Core, placeOf, updatePlace } from '../../../main/app/core.ts';
import type { CallInput, CopyOutcome, MissedMoment } from '../../../main/app/engine-link/calls.ts';
import { AppEvents } from '../../../main/app/events.ts';
import { Missed } from '../../../main/app/missed.ts';
import {
  configuration,
  destinationRecord,
  FIRST_CONFIGURATION,
  FIRST_LEDGER,
  folderRecord,
  ledger,
} from '../../../main/app/records.ts';
import { Runs } from '../../../main/app/runs/runs.ts';
import { openStateFile } from '../../../main/app/state-file.ts';
import { TriplicateError } from '../../../main/engine/errors.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

/** Three destinations, an engine that answers as a test says: which source gives what, and what is remembered of it. */

const NOW = Date.parse('2026-03-10T12:00:00.000Z');
const AWAY = { from: '2026-03-10T08:00:00.000Z', to: '2026-03-10T11:00:00.000Z' };
const DISK = 'disk' as DestinationId;
let folder: TemporaryFolder;
let core: Core;
let runs: Runs;
let missed: Missed;
let catchUp: CatchUp;
let away: Set<string>;
let damaged: number;
let there: MissedMoment[];
let copy: (input: CallInput<'copy'>) => CopyOutcome | Promise<CopyOutcome>;

const at = (hour: number, ...destinations: readonly string[]): MissedMoment => ({
  folderId: 'f',
  time: `2026-03-10T${String(hour).padStart(2, '0')}:00:00.000Z`,
  copies: destinations.map((destinationId) => ({ destinationId, snapshotId: `${destinationId}-${hour}` })),
});
const outcome = (from: readonly string[], more: Partial<CopyOutcome> = {}): CopyOutcome => ({
  copied: from.map((id) => ({ from: id, to: `${id} at disk` })),
  present: [],
  failed: [],
  damagedParts: 0,
  indexLost: false,
  bytesAdded: 10 * from.length,
  ...more,
});
/** What was copied is missed no more, as the catalog would say. */
const copying: typeof copy = ({ snapshotIds }) => {
  const done = new Set(snapshotIds);
  there = there.filter(({ copies }) => !copies.some(({ snapshotId }) => done.has(snapshotId)));
  return outcome(snapshotIds);
};

beforeEach(async () => {
  folder = await temporaryFolder('catch-up-unit');
  away = new Set();
  damaged = 0;
  there = [];
  copy = copying;
  const path = (name: string): string => join(folder.path, name);
  const record = (id: string, location: string) =>
    destinationRecord.parse({
      ...{ id, name: id, location, kind: 'external', offsite: false, minIntervalMinutes: 0, damage: null },
      retention: { keepAllHours: 24, hourlyForHours: 0, dailyForDays: 0, weeklyForWeeks: 0, monthlyForMonths: 0 },
      ...{ addedAt: AWAY.from, lastSeenAt: null, lastCheckAt: null, lastDrillAt: null, lastPruneAt: null },
      ...{ usedBytes: null, snapshots: null },
    });
  const destinations = [record('cloud', 'rclone:cloud:copies'), record(DISK, '/disk'), record('attic', '/attic')];
  const protectedOne = folderRecord.parse({
    ...{ id: 'f', name: 'F', path: '/f', excludes: [], excludeLargerThan: null, honourMarkers: true },
    ...{ destinationIds: ['cloud', 'disk', 'attic'], maxAgeHours: 24, addedAt: AWAY.from },
  });
  const initial = { ...FIRST_CONFIGURATION, destinations, folders: [protectedOne] };
  const call = async (name: string, input: unknown) => {
    if (name === 'missed') return there;
    if (name === 'copy') return copy(input as CallInput<'copy'>);
    return null;
  };
  core = {
    ports: { clock: { now: () => NOW } } as Core['ports'],
    log: pino({ level: 'silent' }),
    events: new AppEvents(),
    engine: { call, close: async () => undefined } as unknown as Core['engine'],
    secrets: { of: () => 'secret' } as unknown as Core['secrets'],
    configuration: await openStateFile({ path: path('c'), schema: configuration, initial, now: () => NOW }),
    ledger: await openStateFile({ path: path('l'), schema: ledger, initial: FIRST_LEDGER, now: () => NOW }),
    stateFolder: folder.path,
    changed: () => undefined,
  };
  runs = new Runs(core);
  missed = new Missed(core);
  const records = () => core.configuration.value.destinations;
  const parts = {
    folders: { records: () => core.configuration.value.folders },
    destinations: {
      records,
      record: (id: string) => records().find((one) => one.id === id),
      address: (id: string) => ({ location: id, passphrase: 'secret' }),
    },
    watch: {
      look: async () => undefined,
      live: (id: string) => ({ state: away.has(id) ? 'away' : 'ready' }),
    },
    history: { scope: (id: string) => ({ folderId: id }) },
    work: { measure: async () => undefined, noteDamagedParts: async (_: string, count: number) => (damaged += count) },
    missed,
    runs,
  };
  catchUp = new CatchUp(core, parts as unknown as CatchUpParts);
  catchUp.start();
  await updatePlace(core, DISK, () => ({ absences: [AWAY] }));
});
afterEach(async () => {
  await core.ledger.settled();
  await core.configuration.settled();
  await folder.remove();
});

const place = () => placeOf(core.ledger.value, DISK);

async function ask(): Promise<Run> {
  const { id } = await catchUp.ask(DISK);
  return runs.ended(id);
}

it('takes each moment from a disk rather than a cloud, and settles the absence', async () => {
  there = [at(8, 'cloud'), at(9, 'cloud', 'attic'), at(10, 'attic')];
  const asked: string[] = [];
  copy = (input) => {
    asked.push(`${input.from.location} to ${input.to.location}: ${input.snapshotIds.join(' ')}`);
    return copying(input);
  };
  const run = await ask();
  expect(asked).toEqual(['attic to disk: attic-9 attic-10', 'cloud to disk: cloud-8']);
  expect(run).toMatchObject({ state: 'done', report: { findings: [], bytesStored: 30 } });
  expect(place()).toMatchObject({ absences: [], catchingUp: 'no' });
  expect(place()?.written).toEqual(['attic-9 at disk', 'attic-10 at disk', 'cloud-8 at disk']);
});

it('takes from the next what one has lost, and does not try by itself again what nobody has', async () => {
  there = [at(8, 'attic'), at(9, 'cloud', 'attic')];
  const error = {
    code: 'repo/blob-missing',
    message: 'Content is missing.',
    hint: '',
    retry: 'never',
    data: {},
  } as const;
  copy = (input) => {
    if (input.from.location === 'attic') return outcome([], { failed: input.snapshotIds.map((id) => ({ id, error })) });
    return outcome(input.snapshotIds);
  };
  const run = await ask();
  expect(run).toMatchObject({ state: 'partial', report: { findings: [{ code: 'catch-up/lost' }] } });
  expect(run.report?.findings[0]?.text).toContain('attic: Content is missing.');
  expect(place()).toMatchObject({ absences: [AWAY], catchingUp: 'stopped' });
  expect(catchUp.isDue(DISK)).toBe(false);
  // What one has lost, it has lost of its copies as well: they count no more.
  const hurt = core.configuration.value.destinations.filter(({ damage }) => damage !== null);
  expect(hurt).toMatchObject([{ id: 'attic', damage: { message: 'Content is missing.' } }]);
});

it('goes on with the next source when one goes away, and remembers the wish for when it is back', async () => {
  there = [at(8, 'attic'), at(9, 'cloud', 'attic')];
  copy = (input) => {
    if (input.from.location !== 'attic') {
      there = there.slice(0, 1);
      return outcome(input.snapshotIds);
    }
    away.add('attic');
    throw new TriplicateError('store/unreachable', 'attic is gone.');
  };
  expect(await ask()).toMatchObject({ state: 'partial', report: { findings: [{ code: 'catch-up/away' }] } });
  expect(place()).toMatchObject({ absences: [AWAY], catchingUp: 'asked', written: ['cloud-9 at disk'] });
  expect(catchUp.isDue(DISK)).toBe(false);
  away.clear();
  expect(catchUp.isDue(DISK)).toBe(true);
});

it('does not settle an absence of which a destination that is away may know more', async () => {
  there = [at(8, 'attic')];
  away.add('cloud');
  expect(await ask()).toMatchObject({ state: 'done' });
  expect(place()).toMatchObject({ absences: [AWAY], catchingUp: 'stopped' });
  there = [at(9, 'cloud')];
  away.clear();
  expect(await ask()).toMatchObject({ state: 'done' });
  expect(place()).toMatchObject({ absences: [], catchingUp: 'no' });
});

it('keeps the wish when the destination itself goes away', async () => {
  there = [at(8, 'attic')];
  copy = () => {
    away.add(DISK);
    throw new TriplicateError('store/unreachable', 'disk is gone.');
  };
  expect(await ask()).toMatchObject({ state: 'failed', error: { code: 'store/unreachable' } });
  expect(place()).toMatchObject({ absences: [AWAY], catchingUp: 'asked' });
});

it('leaves a full disk alone: its room is for what is new', async () => {
  there = [at(8, 'attic')];
  copy = () => {
    throw new TriplicateError('store/full', 'disk is full.');
  };
  expect(await ask()).toMatchObject({ state: 'failed', error: { code: 'store/full' } });
  expect(place()).toMatchObject({ absences: [AWAY], catchingUp: 'stopped' });
});

it('is asked for once, however often the button is pressed, and forgets the wish when a person stops it', async () => {
  there = [at(8, 'attic')];
  const gate = Promise.withResolvers<CopyOutcome>();
  copy = () => gate.promise;
  const first = await catchUp.ask(DISK);
  expect((await catchUp.ask(DISK)).id).toBe(first.id);
  expect(place()?.catchingUp).toBe('asked');
  runs.cancel(first.id);
  gate.reject(new TriplicateError('cancelled', 'Cancelled.'));
  expect((await runs.ended(first.id)).state).toBe('cancelled');
  expect(place()?.catchingUp).toBe('stopped');
});

it('keeps the wish when the app ends', async () => {
  there = [at(8, 'attic')];
  const gate = Promise.withResolvers<CopyOutcome>();
  copy = () => gate.promise;
  await catchUp.ask(DISK);
  const closed = runs.close();
  gate.reject(new TriplicateError('cancelled', 'Cancelled.'));
  await closed;
  expect(place()?.catchingUp).toBe('asked');
});

it('refuses a destination that is damaged, and passes one over as a source', async () => {
  const damage = { code: 'repo/damaged', message: 'Damaged.', hint: '', retry: 'never' as const, data: {} };
  const hurt = (id: string) =>
    core.configuration.update((all) => ({
      ...all,
      destinations: all.destinations.map((one) => ({ ...one, damage: one.id === id ? damage : null })),
    }));
  there = [at(8, 'attic')];
  await hurt(DISK);
  await expect(catchUp.ask(DISK)).rejects.toMatchObject({ code: 'app/invalid' });
  await hurt('attic');
  await missed.refresh(core.configuration.value.destinations.find(({ id }) => id === DISK) as never);
  expect(catchUp.isDue(DISK)).toBe(false);
  expect(damaged).toBe(0);
});

it('does nothing by itself without a wish or the setting', async () => {
  there = [at(8, 'attic')];
  const record = () => core.configuration.value.destinations.find(({ id }) => id === DISK) as never;
  await missed.refresh(record());
  expect(missed.of(DISK)).toEqual({ moments: 1, at: ['attic'] });
  expect(catchUp.isDue(DISK)).toBe(false);
  await core.configuration.update((all) => ({
    ...all,
    destinations: all.destinations.map((one) => ({ ...one, catchUp: 'always' as const })),
  }));
  expect(catchUp.isDue(DISK)).toBe(true);
  await catchUp.leave(DISK);
  expect(missed.of(DISK)).toBeNull();
  expect(catchUp.isDue(DISK)).toBe(false);
});
