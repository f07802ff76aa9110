import { askForUnlisted, backup, isSamePlace, listSnapshots, PARTIAL_REASONS, unlock } from '../../engine/engine.ts';
import { placeOfRemote } from '../../rclone/folder-of-remote.ts';
import { listRemoteFolders, listRemotes, rcloneVersion } from '../../rclone/remotes.ts';
import { CacheFile } from '../cache-file.ts';
import { systemHost } from '../engine-host.ts';
import { parseLocation } from '../location.ts';
import type {
  BackupCall,
  BackupOutcome,
  CallInput,
  CallOptions,
  CallOutput,
  Engine,
  EngineCallName,
  RepositoryAddress,
  SnapshotInfo,
} from './calls.ts';
import { runCopy } from './copy.ts';
import { runDrill } from './drill.ts';
import { HistoryService } from './history-service.ts';
import { type NewKeys, OpenRepositories } from './open-repositories.ts';
import { plainError } from './serve-engine.ts';
import { HONOURED, refuseUnfitSource } from './source-folder.ts';
import { runCheck, runPlanRestore, runPrune, runRestore } from './verbs.ts';

/** More entries that were left out than this are counted, not listed. */
const MOST_LEFT_OUT = 200;
/** More that could not be read than this is not worth looking for by name: the next full scan looks everywhere. */
const MOST_UNREAD = 1000;
/** How long the end waits for work that was cancelled, so that locks are released. */
const CLOSING_MS = 6000;

type Options = Required<CallOptions>;
type Servers = {
  readonly [Name in EngineCallName]: (input: CallInput<Name>, options: Options) => Promise<CallOutput<Name>>;
};

/** Does the calls: the engine, its stores and rclone, joined. Runs in the engine's process; tests use it directly. */
export class EngineService implements Engine {
  readonly #host = systemHost();
  readonly #repositories: OpenRepositories;
  readonly #running = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  readonly #history: HistoryService;

  /** @param newKeys tests take cheaper keys than the default */
  constructor(newKeys: NewKeys = {}) {
    this.#repositories = new OpenRepositories(this.#host, newKeys);
    this.#history = new HistoryService(this.#repositories, this.#ending.signal);
  }

  serve(name: EngineCallName, input: unknown, options: Options): Promise<unknown> {
    const server = this.#servers[name] as (input: unknown, options: Options) => Promise<unknown>;
    const signal = AbortSignal.any([options.signal, this.#ending.signal]);
    const work = server(input, { ...options, signal });
    this.#running.add(work);
    const done = (): unknown => this.#running.delete(work);
    work.then(done, done);
    return work;
  }

  call<Name extends EngineCallName>(
    name: Name,
    input: CallInput<Name>,
    options: CallOptions = {},
  ): Promise<CallOutput<Name>> {
    const signal = options.signal ?? new AbortController().signal;
    return this.serve(name, input, { signal, onProgress: options.onProgress ?? (() => undefined) }) as Promise<
      CallOutput<Name>
    >;
  }

  async close(): Promise<void> {
    this.#ending.abort();
    const settled = Promise.allSettled(this.#running);
    await Promise.race([settled, new Promise((resolve) => setTimeout(resolve, CLOSING_MS).unref())]);
    await this.#history.close();
    await this.#repositories.closeAll();
  }

  readonly #servers: Servers = {
    probe: ({ location }, { signal }) => this.#repositories.probe(location, signal),
    open: async ({ repository }) => ({ repositoryId: (await this.#repositories.open(repository)).config.id }),
    create: async ({ repository, like }) => ({
      repositoryId: (await this.#repositories.create(repository, like)).config.id,
    }),
    samePlace: async ({ repository, other }, { signal }) => {
      const [one, two] = await Promise.all([this.#repositories.open(repository), this.#repositories.open(other)]);
      return { answer: (await isSamePlace(one, two, signal)) ? 'same' : 'another' };
    },
    localFolder: ({ location }) => localFolder(location),
    remoteType: async ({ location }) => {
      const parsed = parseLocation(location);
      return parsed.kind === 'rclone' ? (await placeOfRemote(parsed.remote)).type : null;
    },
    forgetLocation: async ({ location }) => {
      await this.#repositories.forget(location);
      return null;
    },
    limits: async (limits) => {
      await this.#repositories.setLimits(limits);
      return null;
    },
    backup: (input, options) => this.#backup(input, options),
    snapshots: ({ repository }, { signal }) => this.#snapshots(repository, signal),
    goneSnapshots: async ({ repository, snapshotIds }, { signal }) => {
      const opened = await this.#repositories.open(repository);
      return (await askForUnlisted(opened, snapshotIds, new Set(), signal)).gone;
    },
    usage: async ({ repository }, { signal }) => {
      const opened = await this.#repositories.open(repository);
      const [packs, snapshots] = await Promise.all([
        opened.store.list('data', signal),
        opened.store.list('snapshots', signal),
      ]);
      return { usedBytes: packs.reduce((sum, { size }) => sum + size, 0), snapshots: snapshots.length };
    },
    unlock: async ({ repository }, { signal }) => ({
      removed: await unlock(await this.#repositories.open(repository), 'all', signal),
    }),
    check: (input, options) => runCheck(this.#repositories, input, options),
    prune: (input, options) => this.#prune(input, options).finally(() => this.#history.invalidate()),
    missed: async (input) => this.#history.missed(input, this.#host),
    copy: (input, options) => runCopy(this.#repositories, input, options).finally(() => this.#history.invalidate()),
    planRestore: (input, options) => runPlanRestore(this.#repositories, input, options),
    restore: (input, options) => runRestore(this.#repositories, input, options),
    drill: (input, options) => runDrill(this.#repositories, input, options),
    remotes: async () => [...(await listRemotes())],
    remoteFolders: ({ remote, path }, { signal }) => listRemoteFolders(remote, path, signal),
    rcloneVersion: () => rcloneVersion(),
    heldFolders: (input, { signal }) => this.#history.heldFolders(input, signal),
    updateHistory: async (scope) => {
      await this.#history.update(scope);
      return null;
    },
    keepHistory: async (input) => {
      await this.#history.keepFolders(input);
      return null;
    },
    moments: (scope) => this.#history.moments(scope),
    browse: (input) => this.#history.browse(input),
    search: (input) => this.#history.search(input),
    versions: (input) => this.#history.versions(input),
    readStart: (input, { signal }) => this.#history.readStart(input, signal),
  };

  async #snapshots(address: RepositoryAddress, signal: AbortSignal): Promise<readonly SnapshotInfo[]> {
    const { snapshots } = await listSnapshots(await this.#repositories.open(address), signal);
    return snapshots.map(({ id, snapshot }) => ({
      id,
      time: new Date(Number(snapshot.time.ns / 1_000_000n)).toISOString(),
      tree: snapshot.tree,
      paths: snapshot.paths,
      hostname: snapshot.hostname ?? '',
      tags: snapshot.tags ?? [],
    }));
  }

  #prune(input: CallInput<'prune'>, options: Options): Promise<CallOutput<'prune'>> {
    const { catalog, destinationId, written } = input.known;
    const known = new Set([...written, ...this.#history.snapshotsAt(catalog, destinationId)]);
    return runPrune(this.#repositories, input, known, options);
  }

  async #backup(input: BackupCall, { signal, onProgress }: Options): Promise<BackupOutcome> {
    await refuseUnfitSource(input);
    const opened = await Promise.allSettled(
      input.repositories.map(async (address) => ({
        address,
        repository: await this.#repositories.open(address),
        knownIndex: await this.#repositories.known(address),
      })),
    );
    const ready = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [refused] = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    if (ready.length === 0) throw refused;
    const cache = cacheFileOf(
      input,
      ready.map(({ repository }) => repository.store.location),
    );
    const directoryCache = await cache?.read();
    const report = await backup({
      destinations: ready.map(({ address: { changesSince }, repository, knownIndex }) => ({
        repository,
        ...(knownIndex ? { knownIndex } : {}),
        ...(changesSince === undefined ? {} : { changesSince }),
      })),
      paths: [input.path],
      workingDirectory: '/',
      excludes: input.excludes,
      ...(input.excludeLargerThan === null ? {} : { excludeLargerThan: input.excludeLargerThan }),
      ...(input.markers === 'honour' ? HONOURED : {}),
      ...(input.dirtyDirectories ? { dirtyDirectories: new Set(input.dirtyDirectories) } : {}),
      ...(directoryCache ? { directoryCache } : {}),
      onProgress,
      signal,
    });
    for (const [position, { address, repository }] of ready.entries()) {
      await this.#repositories.remember(address, repository, report.results[position]?.index);
    }
    if (report.directoryCache) await cache?.write(report.directoryCache);
    this.#history.invalidate();
    const unread = report.leftOut.filter(({ reason }) => PARTIAL_REASONS.has(reason)).map(({ path }) => path);
    let next = 0;
    const results = opened.map((one) => {
      if (one.status === 'rejected') {
        return { snapshotId: null, error: plainError(one.reason), bytesAdded: 0, damagedParts: 0 };
      }
      const result = report.results[next++];
      const error = result?.error ? { ...result.error, data: plainData(result.error.data) } : null;
      const { snapshotId = null, bytesAdded = 0, damagedParts = 0, indexLost = false } = result ?? {};
      return { snapshotId, error, bytesAdded, damagedParts, indexLost };
    });
    return {
      results,
      scan: report.scan,
      filesNew: report.filesNew,
      filesChanged: report.filesChanged,
      filesUnchanged: report.filesUnchanged,
      filesRemoved: report.filesRemoved,
      bytesTotal: report.bytesTotal,
      bytesRead: report.bytesRead,
      excluded: report.excluded,
      leftOut: report.leftOut.slice(0, MOST_LEFT_OUT).map(({ path, reason, text }) => ({
        path,
        reason,
        text,
        partial: PARTIAL_REASONS.has(reason) ? 'yes' : 'no',
      })),
      moreLeftOut: Math.max(0, report.leftOut.length - MOST_LEFT_OUT),
      unread: unread.slice(0, MOST_UNREAD),
      moreUnread: Math.max(0, unread.length - MOST_UNREAD),
    };
  }
}

async function localFolder(location: string): Promise<string | null> {
  const parsed = parseLocation(location);
  if (parsed.kind === 'local') return parsed.path;
  return parsed.kind === 'rclone' ? (await placeOfRemote(parsed.remote)).folder : null;
}

/** For a full scan to these places. */
function cacheFileOf(
  { path, dirtyDirectories, scansFolder }: BackupCall,
  locations: readonly string[],
): CacheFile | undefined {
  if (dirtyDirectories || scansFolder === null) return undefined;
  return CacheFile.ofDirectories(scansFolder, locations, [path]);
}

function plainData(
  data: Readonly<Record<string, string | number | boolean | readonly string[]>>,
): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
  );
}
