import type { CheckDepth, Run } from '../api/contract/runs.ts';
import type { DestinationId, FolderId } from '../api/contract/values.ts';
import { TriplicateError } from '../engine/errors.ts';
import { type Core, copyOf, isoNow, placeOf, updateCopy, updatePlace } from './core.ts';
import { damageAfterCheck, stillDamaged } from './damage.ts';
import type { DestinationWatch } from './destination-watch.ts';
import type { Destinations } from './destinations.ts';
import type { BackupOutcome } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';
import type { Folders } from './folders.ts';
import { catalogFile, scansFolder } from './home-folder.ts';
import { describeLocation, isRemote } from './location.ts';
import { noteDamage } from './note-damage.ts';
import { ownPlaces } from './own-places.ts';
import type { Pending, PendingChanges } from './pending-changes.ts';
import type { Proofs } from './proofs.ts';
import { pruneHold } from './prune-hold.ts';
import type { DestinationRecord, FolderRecord } from './records.ts';
import { backupReport, checkReport, damagedParts, pruneReport } from './runs/report-words.ts';
import type { RunResult, Runs, RunTools } from './runs/runs.ts';
import { countUnread, directoriesOf, isAllKnown, unreadAfter } from './unread.ts';

export interface WorkParts {
  readonly folders: Folders;
  readonly destinations: Destinations;
  readonly watch: DestinationWatch;
  readonly runs: Runs;
  readonly pending: PendingChanges;
  readonly proofs: Proofs;
}

/** What a backup run began with. */
interface Taken {
  readonly taken: ReadonlyMap<DestinationId, Pending | undefined>;
  /** The directories that it was to look at; null: all of them. */
  readonly lookedAt: readonly string[] | null;
  readonly startedAt: string;
}

/** What a run does: it asks the engine, writes down what is proven by it, and reports in words. */
export class Work {
  readonly #core: Core;
  readonly #parts: WorkParts;

  constructor(core: Core, parts: WorkParts) {
    this.#core = core;
    this.#parts = parts;
  }

  /**
   * Queues full backups of the given folders (all when absent) to the given destinations (all of each when absent). Of all
   * folders, one that has none of these destinations does not keep the others from being backed up.
   */
  async backUpNow(input: {
    folderIds?: FolderId[] | undefined;
    destinationIds?: DestinationId[] | undefined;
  }): Promise<Run[]> {
    this.#core.secrets.main();
    const { folders, destinations, pending } = this.#parts;
    const chosen = input.folderIds ? input.folderIds.map((id) => folders.record(id)) : folders.records();
    const isWanted = (id: DestinationId): boolean => input.destinationIds?.includes(id) ?? true;
    const runs: Run[] = [];
    for (const folder of chosen) {
      const wanted = folder.destinationIds.filter(isWanted);
      if (wanted.length === 0) {
        if (input.folderIds === undefined && chosen.some(({ destinationIds }) => destinationIds.some(isWanted)))
          continue;
        throw new TriplicateError('app/invalid', `${folder.name} has no destination yet.`, {
          hint: 'Add a destination to the folder first.',
        });
      }
      // A look first: a disk that was plugged in a moment ago is used at once.
      await Promise.all(wanted.map((id) => this.#parts.watch.look(destinations.record(id))));
      // What another name of the same place has got is stored here already.
      const apart = wanted.filter((id) => this.#parts.watch.live(id).problem?.code !== 'app/same-place');
      const [twin] = apart.length === 0 ? wanted : [];
      if (twin)
        throw new TriplicateError(
          'app/same-place',
          this.#parts.watch.live(twin).problem?.message ?? 'It is no other place.',
        );
      for (const id of apart) pending.add(folder.id, id, 'everything', 'person', this.#core.ports.clock.now());
      for (const group of this.groups(apart)) runs.push(this.backup(folder, group, 'person'));
    }
    return runs;
  }

  /**
   * Disks are written in one reading; each remote one works in its own run, so that it holds up no other. So does one that is
   * mounted here: when its server is gone, whatever is asked of it may hang.
   */
  groups(ids: readonly DestinationId[]): readonly (readonly DestinationId[])[] {
    const isLocal = (id: DestinationId): boolean => {
      const { location, kind } = this.#parts.destinations.record(id);
      const isDisk = !isRemote(location) && (kind === 'internal' || kind === 'external');
      return isDisk && this.#parts.watch.live(id).state === 'ready';
    };
    const local = ids.filter(isLocal);
    const others = ids.filter((id) => !isLocal(id)).map((id) => [id]);
    return local.length > 0 ? [local, ...others] : others;
  }

  backup(folder: FolderRecord, destinationIds: readonly DestinationId[], cause: Run['cause']): Run {
    const names = destinationIds.map((id) => this.#parts.destinations.record(id).name).join(' and ');
    return this.#parts.runs.enqueue({
      kind: 'backup',
      title: `Back up ${folder.name} to ${names}`,
      folderId: folder.id,
      destinationIds,
      cause,
      order: 'queue',
      work: (tools) => this.#runBackup(folder.id, destinationIds, tools),
    });
  }

  check(id: DestinationId, depth: CheckDepth, cause: Run['cause']): Run {
    const { name } = this.#parts.destinations.record(id);
    const work = async ({ signal, onProgress }: RunTools): Promise<RunResult> => {
      const repository = this.#parts.destinations.address(id);
      const outcome = await this.#core.engine.call('check', { repository, depth }, { signal, onProgress });
      const before = this.#parts.destinations.record(id).damage;
      const { found, stays, damage } = damageAfterCheck(outcome.findings, depth, before);
      await this.#parts.destinations.patch(id, {
        lastCheckAt: isoNow(this.#core),
        damage,
        usedBytes: outcome.usedBytes,
        snapshots: outcome.snapshots,
      });
      await this.#afterProof(id, damage === null && depth === 'read-data' ? 'proven' : 'looked-at');
      if (found) this.#notice('error', `${name} is damaged`, found.message);
      const report = checkReport(outcome, depth);
      if (!found && stays) report.findings.push(stillDamaged(name));
      return { state: found ? 'failed' : stays ? 'partial' : 'done', report, error: found };
    };
    return this.#atDestination('check', id, `Check ${name}`, cause, work, depth);
  }

  /** The damaged destination that holds off a prune here; see `pruneHold`. */
  damagedFor(id: DestinationId): DestinationRecord | undefined {
    const { folders, destinations, watch } = this.#parts;
    const isDamaged = (one: DestinationRecord): boolean =>
      one.damage !== null || watch.live(one.id).state === 'damaged';
    const damaged = new Set(
      destinations
        .records()
        .filter(isDamaged)
        .map((one) => one.id),
    );
    const { copies } = this.#core.ledger.value;
    const found = pruneHold(id, { folders: folders.records(), copies, damaged });
    return found === undefined ? undefined : destinations.record(found);
  }

  /** Thins out old versions. @throws `repo/damaged` while a copy is damaged that this destination could help to repair */
  prune(id: DestinationId, cause: Run['cause']): Run {
    this.#refuseWhileDamaged(id);
    const destination = this.#parts.destinations.record(id);
    return this.#atDestination(
      'prune',
      id,
      `Thin out old versions at ${destination.name}`,
      cause,
      async ({ signal, onProgress }) => {
        // It may have waited long.
        this.#refuseWhileDamaged(id);
        const repository = this.#parts.destinations.address(id);
        // Only snapshots of folders of ours: what another program keeps in the same repository is not ours to forget.
        const roots = this.#parts.folders.records().map(({ path }) => path);
        const { retention } = this.#parts.destinations.record(id);
        const written = placeOf(this.#core.ledger.value, id)?.written ?? [];
        const known = { catalog: catalogFile(this.#core.stateFolder), destinationId: id, written };
        const outcome = await this.#core.engine.call(
          'prune',
          { repository, retention, roots, known },
          { signal, onProgress },
        );
        const gone = new Set(outcome.forgotten);
        await updatePlace(this.#core, id, (place) => ({ written: place.written.filter((one) => !gone.has(one)) }));
        await this.#parts.destinations.patch(id, { lastPruneAt: isoNow(this.#core) });
        await this.measure(id);
        for (const folder of this.#parts.folders.records())
          this.#core.events.emit('history.changed', { folderId: folder.id });
        return { state: 'done', report: pruneReport(outcome), error: null };
      },
    );
  }

  /** Restores a sample of every folder from this destination into a scratch place and compares. */
  drill(id: DestinationId, cause: Run['cause']): Run {
    const { name } = this.#parts.destinations.record(id);
    return this.#atDestination('drill', id, `Try a restore from ${name}`, cause, async (tools) => {
      // What another program has removed says nothing of what is left.
      await this.#parts.watch.lookForGone(this.#parts.destinations.record(id), 'at once');
      return this.#parts.proofs.drill(id, tools);
    });
  }

  async #runBackup(folderId: FolderId, destinationIds: readonly DestinationId[], tools: RunTools): Promise<RunResult> {
    const folder = this.#parts.folders.record(folderId);
    const taken = new Map(destinationIds.map((id) => [id, this.#parts.pending.take(folderId, id)]));
    const lookedAt = dirtyDirectories([...taken.values()]);
    const startedAt = isoNow(this.#core);
    const named = destinationIds.map((id) => ({
      destinationId: id,
      name: this.#parts.destinations.record(id).name,
    }));
    try {
      const outcome = await this.#core.engine.call(
        'backup',
        {
          repositories: destinationIds.map((id) => ({
            ...this.#parts.destinations.address(id),
            changesSince: copyOf(this.#core.ledger.value, folder.id, id)?.lastSnapshotId ?? null,
          })),
          path: folder.path,
          excludes: [...folder.excludes, ...(await ownPlaces(this.#core)).map(asPattern)],
          excludeLargerThan: folder.excludeLargerThan,
          markers: folder.honourMarkers ? 'honour' : 'ignore',
          dirtyDirectories: lookedAt,
          // Where something is damaged every folder is read, so that what is lost is stored again.
          scansFolder: destinationIds.some((id) => this.#parts.destinations.record(id).damage)
            ? null
            : scansFolder(this.#core.stateFolder),
        },
        tools,
      );
      await this.#settle(folder, destinationIds, outcome, { taken, lookedAt, startedAt });
      const proof = await this.#parts.proofs.afterBackup(folder, this.#stillThere(destinationIds), tools);
      const written = backupReport(outcome, named);
      const report = { ...written, findings: [...proof.findings, ...written.findings] };
      const failure = outcome.results.find(({ error }) => error)?.error ?? proof.error;
      const partial =
        failure !== null ||
        outcome.moreLeftOut > 0 ||
        outcome.leftOut.some((one) => one.partial === 'yes') ||
        outcome.results.some(({ damagedParts }) => damagedParts > 0);
      return { state: partial ? 'partial' : 'done', report, error: failure };
    } catch (error) {
      const problem = plainError(error);
      for (const id of destinationIds) await this.#noteFailure(folder, id, taken.get(id), problem, startedAt);
      throw error;
    } finally {
      for (const id of destinationIds) this.#parts.pending.settled(folderId, id);
    }
  }

  /** The destination counts as damaged until a check finds nothing any more. */
  async noteDamagedParts(id: DestinationId, lost: Parameters<typeof damagedParts>[0]): Promise<void> {
    const location = describeLocation(this.#parts.destinations.record(id).location);
    const damage = new TriplicateError('repo/damaged', damagedParts(lost), {
      hint: lost.indexLost
        ? `The other copies are not affected. \`triplicate repo repair index ${location}\` makes the index anew from what is stored there; check the destination then.`
        : 'The other copies are not affected. A check that reads all data shows the extent.',
    });
    await noteDamage(this.#core, id, plainError(damage));
  }

  /** Writes down what each destination has now. */
  async #settle(
    folder: FolderRecord,
    destinationIds: readonly DestinationId[],
    outcome: BackupOutcome,
    { taken, lookedAt, startedAt }: Taken,
  ): Promise<void> {
    const again = directoriesOf(outcome.unread);
    const there = new Set(this.#stillThere(destinationIds));
    const unreadBefore = this.#core.ledger.value.facts.find(({ folderId }) => folderId === folder.id)?.unread ?? [];
    const news = isAllKnown(unreadBefore, outcome) ? 'known' : 'new';
    for (const [position, destinationId] of destinationIds.entries()) {
      const result = outcome.results[position];
      if (!there.has(destinationId)) continue;
      if (!result?.snapshotId) {
        if (result?.error)
          await this.#noteFailure(folder, destinationId, taken.get(destinationId), result.error, startedAt);
        continue;
      }
      const { snapshotId } = result;
      this.#parts.pending.lookAgain(folder.id, destinationId, again, this.#core.ports.clock.now(), news);
      this.#parts.watch.noteStored(this.#parts.destinations.record(destinationId));
      await updatePlace(this.#core, destinationId, ({ written }) => ({ written: [...written, snapshotId] }));
      if (result.damagedParts > 0) await this.noteDamagedParts(destinationId, result);
      await updateCopy(
        this.#core,
        { folderId: folder.id, destinationId },
        {
          lastSnapshotAt: startedAt,
          lastSnapshotId: result.snapshotId,
          problem: null,
          ...(outcome.scan === 'full' ? { lastFullScanAt: startedAt } : {}),
        },
      );
    }
    await this.#core.ledger.update((ledger) => {
      const before = ledger.facts.find(({ folderId }) => folderId === folder.id);
      // A run over changes alone sees only a part of the folder: sizes and exclusions come from full scans.
      const { filesNew, filesRemoved } = outcome;
      const size =
        outcome.scan === 'full' || !before
          ? { files: filesNew + outcome.filesChanged + outcome.filesUnchanged, bytes: outcome.bytesTotal }
          : before.size && { ...before.size, files: Math.max(0, before.size.files + filesNew - filesRemoved) };
      const excluded = outcome.scan === 'full' || !before ? outcome.excluded : before.leftOut.excluded;
      const unread = unreadAfter(before?.unread ?? [], { ...outcome, lookedAt });
      const facts = { folderId: folder.id, leftOut: { unreadable: countUnread(unread), excluded }, unread, size };
      return { ...ledger, facts: [...ledger.facts.filter((one) => one !== before), facts] };
    });
    this.#core.events.emit('history.changed', { folderId: folder.id });
    this.#core.changed('folders');
    for (const id of there) void this.measure(id);
  }

  /** Without those that the person has removed meanwhile. */
  #stillThere(ids: readonly DestinationId[]): readonly DestinationId[] {
    const there = new Set(this.#parts.destinations.records().map(({ id }) => id));
    return ids.filter((id) => there.has(id));
  }

  async #noteFailure(
    folder: FolderRecord,
    id: DestinationId,
    pending: Pending | undefined,
    problem: ReturnType<typeof plainError>,
    startedAt: string,
  ): Promise<void> {
    const destination = this.#parts.destinations.records().find((one) => one.id === id);
    if (!destination) return;
    if (pending) this.#parts.pending.giveBack(folder.id, id, { ...pending, directories: 'everything' });
    this.#parts.watch.noteFailure(destination, problem, Date.parse(startedAt));
    const away = this.#parts.watch.live(id).state === 'away';
    // A folder that is not there says nothing of its copies: they count, today of all days.
    if (problem.code === 'cancelled' || problem.code === 'source/missing' || away) return;
    const before = copyOf(this.#core.ledger.value, folder.id, id);
    // The other destinations of the run are still to be told.
    await updateCopy(
      this.#core,
      { folderId: folder.id, destinationId: id },
      { problem: { ...problem, message: firstLine(problem.message) } },
    ).catch((error: unknown) => this.#core.log.error({ err: error }, 'a failure could not be written down'));
    if (!before?.problem)
      this.#notice('error', `${folder.name} could not be stored at ${destination.name}`, firstLine(problem.message));
  }

  #refuseWhileDamaged(id: DestinationId): void {
    const damaged = this.damagedFor(id);
    if (!damaged) return;
    const { name } = this.#parts.destinations.record(id);
    throw new TriplicateError(
      'repo/damaged',
      `Nothing is removed at ${name} while ${damaged.id === id ? 'it' : damaged.name} is damaged.`,
      {
        hint: `What is lost may still be in the old versions here. Put it back and check ${damaged.name}, or remove that destination; old versions are thinned out again then.`,
      },
    );
  }

  #atDestination(
    kind: 'check' | 'prune' | 'drill',
    id: DestinationId,
    title: string,
    cause: Run['cause'],
    work: (tools: RunTools) => Promise<RunResult>,
    depth?: CheckDepth,
  ): Run {
    this.#core.secrets.of(id);
    return this.#parts.runs.enqueue({
      kind,
      title,
      folderId: null,
      destinationIds: [id],
      cause,
      order: 'queue',
      ...(depth === undefined ? {} : { depth }),
      // Nobody may read there while versions are removed.
      ...(kind === 'prune' ? { upkeepOf: [id] } : {}),
      work,
    });
  }

  async #afterProof(id: DestinationId, result: 'proven' | 'looked-at'): Promise<void> {
    const destination: DestinationRecord = this.#parts.destinations.record(id);
    await this.#parts.watch.look(destination);
    if (result === 'looked-at') return;
    // All that is there was read, which says nothing of what is not.
    await this.#parts.watch.lookForGone(destination, 'at once');
    for (const folder of this.#parts.folders.records().filter(({ destinationIds }) => destinationIds.includes(id))) {
      const copy = copyOf(this.#core.ledger.value, folder.id, id);
      if (copy?.lastSnapshotAt) await updateCopy(this.#core, copy, { lastVerifiedAt: isoNow(this.#core) });
    }
  }

  /** Stored bytes and snapshots; a figure for the screen only, so a failure is not one of the run. */
  async measure(id: DestinationId): Promise<void> {
    try {
      const { usedBytes, snapshots } = await this.#core.engine.call('usage', {
        repository: this.#parts.destinations.address(id),
      });
      await this.#parts.destinations.patch(id, { usedBytes, snapshots });
    } catch (error) {
      this.#core.log.debug({ err: error }, 'usage not measured');
    }
  }

  #notice(level: 'info' | 'warning' | 'error', title: string, text: string): void {
    this.#core.events.emit('notice', { level, title, text });
  }
}

/** The union of what changed; null (a full scan) when any destination needs everything or knows nothing. */
function dirtyDirectories(taken: readonly (Pending | undefined)[]): readonly string[] | null {
  const all = new Set<string>();
  for (const pending of taken) {
    if (!pending || pending.directories === 'everything') return null;
    for (const directory of pending.directories) all.add(directory);
  }
  return [...all];
}

/** A pattern that means just this path. */
function asPattern(path: string): string {
  return path.replace(/[\\*?[\]]/g, '\\$&');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
