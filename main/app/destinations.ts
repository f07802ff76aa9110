import { randomUUID } from 'node:crypto';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import {
  DEFAULT_RETENTION,
  type Destination,
  type DestinationTest,
  type Retention,
} from '../api/contract/destinations.ts';
import type { DestinationId, StorageKind } from '../api/contract/values.ts';
import { makeFolder } from '../engine/engine.ts';
import { hasCode, TriplicateError, toWire } from '../engine/errors.ts';
import { addressOf, type Core, isoNow } from './core.ts';
import type { DestinationWatch } from './destination-watch.ts';
import { guessKind } from './disks.ts';
import type { RepositoryAddress } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';
import { isAtOrBelow, realPath } from './folder-paths.ts';
import { describeLocation, parseLocation } from './location.ts';
import type { Missed } from './missed.ts';
import type { DestinationRecord } from './records.ts';
import type { Runs } from './runs/runs.ts';

interface Fields {
  readonly name?: string | undefined;
  readonly kind?: StorageKind | undefined;
  readonly offsite?: boolean | undefined;
  readonly minIntervalMinutes?: number | undefined;
  readonly retention?: Retention | undefined;
  readonly catchUp?: Destination['catchUp'] | undefined;
}

/** The places that hold copies. */
export class Destinations {
  readonly #core: Core;
  readonly #watch: DestinationWatch;
  readonly #runs: Runs;
  readonly #missed: Missed;

  constructor(core: Core, watch: DestinationWatch, runs: Runs, missed: Missed) {
    this.#core = core;
    this.#watch = watch;
    this.#runs = runs;
    this.#missed = missed;
  }

  list(): Destination[] {
    return this.#core.configuration.value.destinations.map((record) => this.#view(record));
  }

  records(): readonly DestinationRecord[] {
    return this.#core.configuration.value.destinations;
  }

  /** @throws `app/not-found` */
  record(id: string): DestinationRecord {
    const found = this.records().find((one) => one.id === id);
    if (!found) throw new TriplicateError('app/not-found', 'There is no such destination.');
    return found;
  }

  address(id: string): RepositoryAddress {
    return addressOf(this.#core, this.record(id));
  }

  /**
   * Tests the place, creates its repository or adopts the one that is there. A new one cuts files as the first one does,
   * so that one reading serves both.
   */
  async add(
    input: Fields & { readonly name: string; readonly location: string; readonly passphrase?: string | undefined },
  ): Promise<Destination> {
    const location = normalise(input.location);
    this.#refuseDuplicates(input.name, location);
    const folder = await this.#core.engine.call('localFolder', { location });
    if (folder !== null) await this.#refuseAbove(folder);
    const id = randomUUID() as DestinationId;
    const passphrase = input.passphrase ?? this.#core.secrets.main();
    const address: RepositoryAddress = { location, passphrase };
    const repositoryId = await this.#adoptOrCreate(address);
    await this.#watch.refuseSamePlace(address, repositoryId);
    this.#core.log.info({ destination: id, location: describeLocation(location), repositoryId }, 'destination added');
    const key = await this.#keepPassphrase(id, passphrase);
    const remoteType = await this.#core.engine.call('remoteType', { location });
    const guess = await guessKind(folder ?? location, remoteType);
    // Whoever calls a remote a cloud or a server that is a folder of this computer goes by its name in rclone.
    const isFar = input.kind === 'cloud' || input.kind === 'network';
    const isMisnamed = isFar && folder !== null && location.startsWith('rclone:');
    const said: Pick<Fields, 'kind' | 'offsite'> = isMisnamed ? {} : input;
    const record: DestinationRecord = {
      id,
      name: input.name,
      location,
      folder,
      repositoryId,
      key,
      kind: said.kind ?? guess.kind,
      offsite: said.offsite ?? guess.offsite,
      minIntervalMinutes: input.minIntervalMinutes ?? 0,
      retention: input.retention ?? DEFAULT_RETENTION,
      catchUp: input.catchUp ?? 'ask',
      addedAt: isoNow(this.#core),
      damage: null,
      lastSeenAt: null,
      lastCheckAt: null,
      lastDrillAt: null,
      lastPruneAt: null,
      usedBytes: null,
      snapshots: null,
    };
    this.#refuseDuplicates(input.name, location); // another window may have added it meanwhile
    const saved = this.#core.configuration.update((all) => ({ ...all, destinations: [...all.destinations, record] }));
    await Promise.all([saved, this.#watch.look(record)]);
    for (const what of ['destinations', 'folders', 'system'] as const) this.#core.changed(what);
    return this.#view(this.record(id));
  }

  async update(
    input: Fields & { readonly id: DestinationId; readonly passphrase?: string | undefined },
  ): Promise<Destination> {
    const before = this.record(input.id);
    if (input.name !== undefined && input.name !== before.name) this.#refuseDuplicates(input.name, '');
    const { id, passphrase, ...fields } = input;
    if (passphrase !== undefined) await this.#takePassphrase(before, passphrase);
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    await this.patch(id, given);
    return this.#view(this.record(id));
  }

  /** Another program has changed it there, or the key store has lost it. @throws `repo/wrong-passphrase`, `store/…` */
  async #takePassphrase(record: DestinationRecord, passphrase: string): Promise<void> {
    const { id, location, repositoryId } = record;
    await this.#core.engine.call('open', { repository: { location, passphrase, repositoryId } });
    const key = await this.#keepPassphrase(id, passphrase);
    await this.patch(id, { key });
    if (key === 'own')
      await this.#core.configuration.update((all) => ({ ...all, setup: { ...all.setup, recoveryKitSavedAt: null } }));
    this.#core.changed('system');
    await this.#watch.look(this.record(id));
  }

  async #keepPassphrase(id: DestinationId, passphrase: string): Promise<DestinationRecord['key']> {
    const { secrets } = this.#core;
    if (secrets.isMain(passphrase)) await secrets.dropOwn(id);
    else await secrets.setOwn(id, passphrase);
    return secrets.isMain(passphrase) ? 'main' : 'own';
  }

  /** Changes what is recorded of a destination. */
  async patch(id: string, change: Partial<DestinationRecord>): Promise<void> {
    await this.#core.configuration.update((all) => ({
      ...all,
      destinations: all.destinations.map((one) => (one.id === id ? { ...one, ...change } : one)),
    }));
    this.#core.changed('destinations');
    this.#core.changed('folders');
  }

  /** Forgets it; nothing is deleted there. */
  async remove(id: string): Promise<void> {
    const { location } = this.record(id);
    this.#runs.cancelAt(id);
    await this.#core.configuration.update((all) => ({
      ...all,
      destinations: all.destinations.filter((one) => one.id !== id),
      folders: all.folders.map((folder) => ({
        ...folder,
        destinationIds: folder.destinationIds.filter((one) => one !== id),
      })),
    }));
    await this.#core.ledger.update((ledger) => ({
      ...ledger,
      copies: ledger.copies.filter((copy) => copy.destinationId !== id),
      places: ledger.places.filter((place) => place.destinationId !== id),
    }));
    this.#watch.forget(id);
    await this.#core.secrets.dropOwn(id);
    await this.#core.engine.call('forgetLocation', { location });
    this.#core.changed('destinations');
    this.#core.changed('system');
    this.#core.changed('folders');
  }

  /** What a place is like; a known destination is looked at again at the same time. */
  async test(
    input: { readonly id: DestinationId } | { readonly location: string; readonly passphrase?: string | undefined },
  ): Promise<DestinationTest> {
    const known = 'id' in input ? this.record(input.id) : undefined;
    const nothing = { freeBytes: null, totalBytes: null, latencyMs: null, error: null };
    try {
      const location = known?.location ?? normalise('location' in input ? input.location : '');
      const found = await this.#core.engine.call('probe', { location });
      const measured = { freeBytes: found.freeBytes, totalBytes: found.totalBytes, latencyMs: found.latencyMs };
      if (known) await this.#watch.look(known);
      const seen = { ...nothing, ...measured, reachable: true, writable: true };
      // Where copies were kept, an empty place is a disk that is not mounted, never a fresh start.
      if (known && found.repository === 'absent') throw notThere(known);
      if (found.repository === 'absent') return { ...seen, content: 'empty' };
      return {
        ...seen,
        ...(await this.#tryPassphrase(location, 'passphrase' in input ? input.passphrase : undefined, known)),
      };
    } catch (error) {
      if (known) this.#watch.noteFailure(known, plainError(error));
      return { ...nothing, reachable: false, writable: false, content: 'unknown', error: shown(error) };
    }
  }

  async unlock(id: string): Promise<number> {
    return (await this.#core.engine.call('unlock', { repository: this.address(id) })).removed;
  }

  async remotes(): Promise<{ remotes: { name: string; type: string }[]; error: ReturnType<typeof shown> | null }> {
    try {
      return { remotes: [...(await this.#core.engine.call('remotes', {}))], error: null };
    } catch (error) {
      return { remotes: [], error: shown(error) };
    }
  }

  /** One folder of a remote. @throws `path/not-found` and what the remote says */
  async remoteFolders(
    remote: string,
    wanted: string,
  ): Promise<{
    path: string;
    parent: string | null;
    entries: { name: string; path: string }[];
    repository: 'present' | 'absent';
  }> {
    const path = wanted.split('/').filter(Boolean).join('/');
    const names = await this.#core.engine.call('remoteFolders', { remote, path });
    const prefix = path === '' ? '' : `${path}/`;
    const own = ['data', 'index', 'keys', 'snapshots'];
    return {
      path,
      parent: path === '' ? null : path.slice(0, Math.max(0, path.lastIndexOf('/'))),
      entries: names.map((name) => ({ name, path: prefix + name })),
      repository: own.every((name) => names.includes(name)) ? 'present' : 'absent',
    };
  }

  async #adoptOrCreate(address: RepositoryAddress): Promise<string> {
    // The person names this place now, so the folders on the way to it are made; later a missing one means away.
    if (isAbsolute(address.location)) makeFolderFor(dirname(address.location));
    const { repository } = await this.#core.engine.call('probe', { location: address.location });
    if (repository === 'present') return (await this.#core.engine.call('open', { repository: address })).repositoryId;
    return (await this.#core.engine.call('create', { repository: address, like: this.#firstReachable() })).repositoryId;
  }

  #firstReachable(): RepositoryAddress | null {
    const first = this.records().find(({ id }) => this.#watch.live(id).state === 'ready');
    return first ? this.address(first.id) : null;
  }

  async #tryPassphrase(
    location: string,
    given: string | undefined,
    known: DestinationRecord | undefined,
  ): Promise<Pick<DestinationTest, 'content' | 'error'>> {
    const unlocked = this.#core.secrets.state === 'unlocked';
    const passphrase =
      given ?? (known ? this.#core.secrets.of(known.id) : unlocked ? this.#core.secrets.main() : undefined);
    if (passphrase === undefined) return { content: 'repository', error: null };
    try {
      const { repositoryId = null } = known ?? {};
      await this.#core.engine.call('open', { repository: { location, passphrase, repositoryId } });
      return { content: 'repository', error: null };
    } catch (error) {
      return { content: hasCode(error, 'repo/wrong-passphrase') ? 'locked-out' : 'repository', error: shown(error) };
    }
  }

  /** What lies in a destination is not backed up: it would be a folder of which nothing is left. */
  async #refuseAbove(folder: string): Promise<void> {
    const place = await realPath(folder);
    const inside = this.#core.configuration.value.folders.find(({ path }) => isAtOrBelow(path, place));
    if (!inside) return;
    throw new TriplicateError('app/invalid', `The protected folder ${inside.path} lies in ${folder}.`, {
      hint: 'Choose another folder for the copies, one with nothing else in it; it may be on the same disk.',
    });
  }

  #refuseDuplicates(name: string, location: string): void {
    for (const one of this.records()) {
      if (one.name === name) throw new TriplicateError('app/exists', `There is already a destination called ${name}.`);
      if (one.location === location)
        throw new TriplicateError('app/exists', `${one.name} is at this location already.`);
    }
  }

  #view(record: DestinationRecord): Destination {
    const live = this.#watch.live(record.id);
    const { id, name, location, kind, offsite, usedBytes, snapshots, lastSeenAt, lastCheckAt, lastPruneAt } = record;
    const { minIntervalMinutes, retention, catchUp } = record;
    const damaged = record.damage !== null && live.state === 'ready';
    return {
      id,
      name,
      location: describeLocation(location),
      kind,
      offsite,
      state: damaged ? 'damaged' : live.state,
      problem: damaged ? record.damage : live.problem,
      freeBytes: live.freeBytes,
      totalBytes: live.totalBytes,
      usedBytes,
      snapshots,
      lastSeenAt,
      lastCheckAt,
      lastPruneAt,
      minIntervalMinutes,
      retention,
      catchUp,
      missed: live.state === 'ready' && !damaged ? this.#missed.of(id) : null,
      queued: this.#runs.queuedAt(id),
    };
  }
}

function notThere({ name, location }: DestinationRecord): TriplicateError {
  return new TriplicateError(
    'store/unreachable',
    `${name} is not there: no copies are at ${describeLocation(location)} now.`,
    {
      hint: 'Connect the disk that belongs there. When its copies were deleted for good, remove this destination and add it again.',
    },
  );
}

function makeFolderFor(path: string): void {
  try {
    makeFolder(path);
  } catch (cause) {
    throw new TriplicateError('store/denied', `The folder ${path} cannot be made.`, { cause });
  }
}

/** One way to write each location, so that the same place is not added twice. */
function normalise(text: string): string {
  const location = parseLocation(text);
  if (location.kind === 'local') return location.path;
  // A folder of this computer is that, whichever program reaches it: no cloud, not off-site, and not to be backed up itself.
  return location.kind === 'rclone' && isAbsolute(location.remote) ? resolve(location.remote) : text.trim();
}

function shown(error: unknown): ReturnType<typeof plainError> {
  const wire = plainError(error);
  return wire.code === 'internal' ? { ...wire, message: toWire(error).message.split('\n')[0] ?? '' } : wire;
}

/** A name for a destination that the person did not name. */
export function suggestName(location: string): string {
  return basename(location.replace(/[:/]+$/, '')) || location;
}
