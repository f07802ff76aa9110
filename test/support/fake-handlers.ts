import { randomUUID } from 'node:crypto';
import type { EventName, MethodName, Output, ParsedInput } from '../../main/api/contract/contract.ts';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { pageOfRuns } from '../../main/app/runs/run-list.ts';
import { Refusal } from './fake-app.ts';
import { browse, moments, preview, search, versions } from './fake-history.ts';
import { asDestination, asFolder, asRun, report, rule, type World } from './fake-world.ts';

export type FakeHandlers = { readonly [Name in MethodName]: (input: ParsedInput<Name>) => Output<Name> };

interface FakeParts {
  readonly world: World;
  readonly now: number;
  readonly emit: (event: EventName, payload: unknown) => void;
  readonly startRun: (run: Run, onEnd?: () => void) => Run;
}

/** What each method of the contract answers. */
export function fakeHandlers({ world, emit, startRun, now }: FakeParts): FakeHandlers {
  const plans = new Map<string, { target: string; files: number; bytes: number; folderId: Folder['id'] }>();
  const past = moments(now);
  const iso = () => new Date().toISOString();

  const setup = (change: Partial<World['info']['setup']>) => {
    world.info = { ...world.info, setup: { ...world.info.setup, ...change } };
    emit('system.changed', world.info);
    return {};
  };
  const newRun = (kind: Run['kind'], title: string, more: Partial<Run>): Run => ({
    id: asRun(randomUUID()),
    kind,
    state: 'queued',
    title,
    folderId: null,
    destinationIds: [],
    cause: 'person',
    createdAt: iso(),
    startedAt: null,
    endedAt: null,
    progress: null,
    report: report(kind, 6, 'whole'),
    error: null,
    ...more,
  });
  const place = (id: string): Destination => {
    const found = world.destinations.find((destination) => destination.id === id);
    if (found === undefined) throw new Refusal('app/not-found', 'There is no such destination.', 'Look at the list.');
    return found;
  };
  const onPlace = (kind: Run['kind'], words: string) => (input: { destinationId: Destination['id'] }) =>
    startRun(newRun(kind, `${words} ${place(input.destinationId).name}`, { destinationIds: [input.destinationId] }));
  const protect = (folder: Folder): Folder => {
    const copies = folder.destinationIds.map((id) => {
      const target = place(id);
      const known = folder.copies.find((copy) => copy.destinationId === id);
      return (
        known ?? {
          destinationId: id,
          destinationName: target.name,
          kind: target.kind,
          offsite: target.offsite,
          state: 'new' as const,
          reason: 'Nothing has been copied there yet.',
          lastSnapshotAt: null,
          lastVerifiedAt: null,
        }
      );
    });
    return { ...folder, copies };
  };
  const showFolders = () => emit('folders.changed', world.folders);
  const showPlaces = () => emit('destinations.changed', world.destinations);
  const caughtUp = (id: Destination['id']) => {
    world.destinations = world.destinations.map((one) => (one.id === id ? { ...one, missed: null } : one));
    showPlaces();
  };
  const finishBackup = (id: Folder['id']) => {
    world.folders = world.folders.map((folder) =>
      folder.id !== id
        ? folder
        : {
            ...folder,
            lastBackupAt: iso(),
            copies: folder.copies.map((copy) => ({
              ...copy,
              state: 'good' as const,
              reason: 'Holds everything as it is now.',
              lastSnapshotAt: iso(),
            })),
            rule: rule(
              1 + folder.copies.length,
              Math.min(3, 1 + folder.copies.length),
              folder.copies.some(({ offsite }) => offsite) ? 1 : 0,
              folder.rule.missing.filter(() => folder.copies.length < 2),
            ),
          },
    );
  };

  return {
    'system.info': () => world.info,
    'system.chooseFolder': () => ({ path: null }),
    'system.browse': ({ path = '/home/ada' }) => ({
      path,
      parent: path === '/' ? null : path.replace(/\/[^/]*$/, '') || '/',
      entries: (path === '/home/ada'
        ? ['Desktop', 'Documents', 'Downloads', 'Music', 'Pictures', 'Videos', 'work']
        : ['2024', '2025', '2026']
      ).map((name) => ({ name, path: `${path === '/' ? '' : path}/${name}` })),
      shortcuts: [
        { label: 'Home', path: '/home/ada' },
        { label: 'Blue disk', path: '/media/ada/BLUE' },
        { label: 'Computer', path: '/' },
      ],
    }),
    'system.createFolder': ({ parent, name }) => ({ path: `${parent}/${name}` }),
    'system.reveal': () => ({ shown: false }),
    'settings.get': () => world.settings,
    'settings.update': (change) => {
      world.settings = {
        ...world.settings,
        ...(Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<
          World['settings']
        >),
      };
      emit('settings.changed', world.settings);
      return world.settings;
    },
    'setup.suggestFolders': () => [
      { label: 'Documents', path: '/home/ada/Documents', bytes: 18.4e9, recommended: true },
      { label: 'Pictures', path: '/home/ada/Pictures', bytes: 191e9, recommended: true },
      { label: 'Desktop', path: '/home/ada/Desktop', bytes: 0.8e9, recommended: false },
      { label: 'Videos', path: '/home/ada/Videos', bytes: 412e9, recommended: false },
    ],
    'setup.setPassphrase': ({ passphrase }) => {
      world.passphrase = passphrase;
      return setup({ passphraseSet: true, unlocked: true });
    },
    'setup.unlock': ({ passphrase }) => {
      if (passphrase !== world.passphrase)
        throw new Refusal(
          'repo/wrong-passphrase',
          'That is not the passphrase.',
          'Check capital letters and the keyboard layout, then try again.',
        );
      return setup({ unlocked: true });
    },
    'setup.recoveryKit': () => ({
      html: `<!doctype html><title>Recovery</title><h1>Recovery page</h1><p>${world.passphrase}</p>`,
      text: `Recovery page\n${world.passphrase}`,
    }),
    'setup.recoveryKitSaved': () => setup({ recoveryKitSavedAt: iso(), recoveryKitLacks: [] }),
    'setup.tryRecoveryKit': ({ passphrase }) => {
      const correct = passphrase === world.passphrase;
      if (correct) setup({ recoveryKitTriedAt: iso() });
      return { correct };
    },
    'setup.finish': () => setup({ finished: true }),

    'folders.list': () => world.folders,
    'folders.add': (input) => {
      const folder = protect({
        id: asFolder(randomUUID()),
        name: input.name ?? input.path.split('/').at(-1) ?? input.path,
        path: input.path,
        excludes: input.excludes ?? [],
        excludeLargerThan: input.excludeLargerThan ?? null,
        honourMarkers: input.honourMarkers ?? true,
        destinationIds: input.destinationIds ?? world.destinations.map(({ id }) => id),
        maxAgeHours: input.maxAgeHours ?? 24,
        copies: [],
        rule: rule(1, 1, 0, [
          {
            part: 'copies',
            text: 'The first backup has not run yet.',
            fix: { action: 'add-destination', kind: 'external', offsite: false },
          },
        ]),
        watch: { state: 'watching', reason: null, changesWaiting: 0 },
        lastBackupAt: null,
        overdue: false,
        leftOut: { unreadable: 0, excluded: 0 },
        size: null,
        activeRun: null,
      });
      world.folders = [...world.folders, folder];
      showFolders();
      return folder;
    },
    'folders.update': ({ id, ...change }) => {
      const old = world.folders.find((folder) => folder.id === id);
      if (old === undefined) throw new Refusal('app/not-found', 'There is no such folder.', 'Look at the list.');
      const given = Object.fromEntries(
        Object.entries(change).filter(([, value]) => value !== undefined),
      ) as Partial<Folder>;
      const next = protect({ ...old, ...given });
      world.folders = world.folders.map((folder) => (folder.id === id ? next : folder));
      showFolders();
      return next;
    },
    'folders.remove': ({ id }) => {
      world.folders = world.folders.filter((folder) => folder.id !== id);
      showFolders();
      return {};
    },

    'destinations.list': () => world.destinations,
    'destinations.add': (input) => {
      if (world.destinations.some(({ location }) => location === input.location))
        throw new Refusal('app/exists', 'This place is a destination already.', 'Choose another place.');
      const added: Destination = {
        id: asDestination(randomUUID()),
        name: input.name,
        location: input.location,
        kind: input.kind ?? 'internal',
        offsite: input.offsite ?? false,
        state: 'ready',
        problem: null,
        freeBytes: 612e9,
        totalBytes: 1000e9,
        usedBytes: 0,
        snapshots: 0,
        lastSeenAt: iso(),
        lastCheckAt: null,
        lastPruneAt: null,
        minIntervalMinutes: input.minIntervalMinutes ?? 0,
        retention: input.retention ?? {
          keepAllHours: 24,
          hourlyForHours: 48,
          dailyForDays: 30,
          weeklyForWeeks: 12,
          monthlyForMonths: 24,
        },
        catchUp: input.catchUp ?? 'ask',
        missed: null,
        queued: 0,
      };
      world.destinations = [...world.destinations, added];
      showPlaces();
      return added;
    },
    'destinations.update': ({ id, ...change }) => {
      const given = Object.fromEntries(
        Object.entries(change).filter(([, value]) => value !== undefined),
      ) as Partial<Destination>;
      const next = { ...place(id), ...given };
      world.destinations = world.destinations.map((destination) => (destination.id === id ? next : destination));
      showPlaces();
      return next;
    },
    'destinations.remove': ({ id }) => {
      world.destinations = world.destinations.filter((destination) => destination.id !== id);
      world.folders = world.folders.map((folder) =>
        protect({ ...folder, destinationIds: folder.destinationIds.filter((one) => one !== id) }),
      );
      showPlaces();
      showFolders();
      return {};
    },
    'destinations.leaveMissed': ({ id }) => {
      caughtUp(id);
      return {};
    },
    'destinations.test': (input) => ({
      reachable: !('id' in input) || place(input.id).problem === null,
      writable: true,
      content: 'id' in input ? ('repository' as const) : ('empty' as const),
      freeBytes: 612e9,
      totalBytes: 1000e9,
      latencyMs: 42,
      error: 'id' in input ? place(input.id).problem : null,
    }),
    'destinations.unlock': () => ({ removed: 1 }),
    'destinations.remotes': () => ({
      remotes: [
        { name: 'b2', type: 'b2' },
        { name: 'attic', type: 'sftp' },
        { name: 'drive', type: 'drive' },
      ],
      error: null,
    }),
    'destinations.remoteFolders': ({ path }) => {
      const names = path === '' ? ['Backups', 'Photos', 'Shared with me'] : path === 'Backups' ? ['Old laptop'] : [];
      const parent = path === '' ? null : path.slice(0, Math.max(0, path.lastIndexOf('/')));
      const entries = names.map((name) => ({ name, path: path === '' ? name : `${path}/${name}` }));
      return { path, parent, entries, repository: path === 'Backups/Old laptop' ? 'present' : 'absent' };
    },
    'destinations.disks': () => [
      {
        label: 'Blue disk',
        path: '/media/ada/BLUE',
        kind: 'external',
        freeBytes: 612e9,
        totalBytes: 1000e9,
        suggestedPath: '/media/ada/BLUE/Triplicate',
      },
      {
        label: 'This computer’s disk',
        path: '/',
        kind: 'internal',
        freeBytes: 143e9,
        totalBytes: 512e9,
        suggestedPath: '/home/ada/Triplicate',
      },
    ],

    'runs.backup': ({ folderIds }) => ({
      runs: world.folders
        .filter((folder) => folderIds === undefined || folderIds.includes(folder.id))
        .map((folder) =>
          startRun(
            newRun('backup', `Back up ${folder.name}`, {
              folderId: folder.id,
              destinationIds: [...folder.destinationIds],
            }),
            () => finishBackup(folder.id),
          ),
        ),
    }),
    'runs.check': ({ destinationId, readData }) => {
      const depth = readData ? ('read-data' as const) : ('structure' as const);
      const title = `Check ${place(destinationId).name}`;
      return startRun(newRun('check', title, { destinationIds: [destinationId], depth }));
    },
    'runs.prune': onPlace('prune', 'Clean up'),
    'runs.drill': onPlace('drill', 'Try a restore from'),
    'runs.catchUp': ({ destinationId }) => {
      const title = `Copy what ${place(destinationId).name} missed`;
      return startRun(newRun('catch-up', title, { destinationIds: [destinationId] }), () => caughtUp(destinationId));
    },
    'runs.cancel': ({ id }) => {
      world.runs = world.runs.map((run) =>
        run.id === id ? { ...run, state: 'cancelled' as const, endedAt: iso(), progress: null } : run,
      );
      world.folders = world.folders.map((folder) =>
        folder.activeRun?.id === id ? { ...folder, activeRun: null } : folder,
      );
      const run = world.runs.find((one) => one.id === id);
      if (run !== undefined) emit('run.changed', run);
      return {};
    },
    'runs.get': ({ id }) => {
      const run = world.runs.find((one) => one.id === id);
      if (run === undefined) throw new Refusal('app/not-found', 'There is no such run.', 'It may be too old.');
      return run;
    },
    'runs.list': ({ limit, ...filter }) => pageOfRuns(world.runs, filter, limit),

    'history.pastFolders': () => [],
    'history.bringIn': () => ({}),
    'history.moments': ({ limit }) =>
      world.folders.some(({ lastBackupAt }) => lastBackupAt !== null)
        ? { moments: past.slice(0, limit), total: past.length }
        : { moments: [], total: 0 },
    'history.browse': ({ momentId, key, offset, limit }) =>
      browse(
        now,
        past.findIndex(({ id }) => id === momentId),
        key,
        offset,
        limit,
      ),
    'history.search': ({ text, deletedOnly, limit, folderId }) => {
      const found = search(now, text, deletedOnly ? 'deleted' : 'all');
      const hits = found.filter((hit) => folderId === undefined || hit.folderId === folderId);
      return { hits: hits.slice(0, limit), more: hits.length > limit, tookMs: 3 };
    },
    'history.versions': ({ key }) => versions(now, key),
    'history.preview': ({ key }) => preview(key),
    'restore.plan': ({ folderId, keys, target, existing, from }) => {
      const files = keys.length === 0 ? 12_431 : keys.length * 6;
      const replace = existing === 'replace' && target.kind === 'original' ? 2 : 0;
      const plan = {
        target: target.kind === 'original' ? '/home/ada/Documents' : target.path,
        files,
        bytes: files * 1.4e6,
        folderId,
      };
      const planId = randomUUID();
      plans.set(planId, plan);
      const names = keys.length === 0 ? ['Budget 2026.xlsx', 'Letters/2026-10 insurance.odt', 'Notes.txt'] : keys;
      return {
        planId,
        target: plan.target,
        from: { destinationId: from ?? asDestination('d-disk'), name: place(from ?? 'd-disk').name },
        create: files - replace - 1,
        replace,
        keep: existing === 'skip' ? 1 : 0,
        unchanged: 3,
        bytes: plan.bytes,
        sample: names.map((path, index) => ({
          path,
          action: replace > 0 && index === 0 ? ('replace' as const) : ('create' as const),
        })),
        warnings: [],
      };
    },
    'restore.start': ({ planId }) => {
      const plan = plans.get(planId);
      if (plan === undefined) throw new Refusal('app/not-found', 'This plan is too old.', 'Make the plan again.');
      const run = newRun('restore', `Restore to ${plan.target}`, {
        folderId: plan.folderId,
        destinationIds: [asDestination('d-disk')],
      });
      return startRun({
        ...run,
        report: { ...report('restore', 1, 'whole'), filesRestored: plan.files, bytesRestored: plan.bytes },
      });
    },
  };
}
