import { randomUUID } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import type { Copy, Folder } from '../api/contract/folders.ts';
import type { DestinationId, FolderId, StorageKind } from '../api/contract/values.ts';
import { TriplicateError } from '../engine/errors.ts';
import { type CopyFacts, type CopyNeed, judgeCopy, judgeRule, proofLimit } from './copies.ts';
import { type Core, copyOf, isoNow } from './core.ts';
import type { Destinations } from './destinations.ts';
import { guessKind } from './disks.ts';
import { ageOf } from './elapsed.ts';
import { isAtOrBelow, realPath } from './folder-paths.ts';
import { folderOf } from './own-places.ts';
import { countPending, type PendingChanges } from './pending-changes.ts';
import type { FolderFacts, FolderRecord } from './records.ts';
import type { Runs } from './runs/runs.ts';

const DEFAULT_MAX_AGE_HOURS = 48;
/** Changes younger than this do not make a copy count as behind: they are about to be stored. */
const GRACE_MS = 120_000;
const DEFAULT_EXCLUDES: readonly string[] = [];

interface Fields {
  readonly name?: string | undefined;
  readonly excludes?: string[] | undefined;
  readonly excludeLargerThan?: number | null | undefined;
  readonly honourMarkers?: boolean | undefined;
  readonly destinationIds?: DestinationId[] | undefined;
  readonly maxAgeHours?: number | undefined;
}

/** What is known of the live watching of a folder. */
export type WatchView = Folder['watch'];

export interface FolderParts {
  readonly destinations: Destinations;
  readonly runs: Runs;
  readonly pending: PendingChanges;
  readonly watching: {
    state(folderId: string): Omit<WatchView, 'changesWaiting'>;
    missingSince(folderId: string): number | null;
  };
}

export type FolderChange = { readonly kind: 'added' | 'changed' | 'removed'; readonly folder: FolderRecord };

/** The protected folders, each with its copies and what is missing for 3-2-1. */
export class Folders {
  readonly #core: Core;
  readonly #parts: FolderParts;
  readonly #listeners = new Set<(change: FolderChange) => void>();
  readonly #kinds = new Map<string, StorageKind>();

  constructor(core: Core, parts: FolderParts) {
    this.#core = core;
    this.#parts = parts;
  }

  onChange(listener: (change: FolderChange) => void): void {
    this.#listeners.add(listener);
  }

  /** Finds out what kind of storage each folder lies on. */
  async prepare(): Promise<void> {
    for (const { path } of this.records()) this.#kinds.set(path, (await guessKind(path)).kind);
  }

  list(): Folder[] {
    return this.records().map((record) => this.#view(record));
  }

  records(): readonly FolderRecord[] {
    return this.#core.configuration.value.folders;
  }

  /** @throws `app/not-found` */
  record(id: string): FolderRecord {
    const found = this.records().find((one) => one.id === id);
    if (!found) throw new TriplicateError('app/not-found', 'This folder is not protected.');
    return found;
  }

  view(id: string): Folder {
    return this.#view(this.record(id));
  }

  /** The folder at a path, or the one that contains it. @throws `app/not-found` */
  containing(path: string): FolderRecord {
    const full = resolve(path);
    const found = this.records().find((one) => isAtOrBelow(full, one.path));
    if (!found) throw new TriplicateError('app/not-found', `${full} is not in a protected folder.`);
    return found;
  }

  async add(input: Fields & { readonly path: string }): Promise<Folder> {
    if (!isAbsolute(input.path)) throw new TriplicateError('app/invalid', 'The path of a folder begins at the root.');
    const path = await existingDirectory(input.path);
    await this.#refuse(path);
    const record: FolderRecord = {
      id: randomUUID() as FolderId,
      name: input.name ?? (basename(path) || path),
      path,
      excludes: input.excludes ?? [...DEFAULT_EXCLUDES],
      excludeLargerThan: input.excludeLargerThan ?? null,
      honourMarkers: input.honourMarkers ?? true,
      destinationIds: this.#known(input.destinationIds ?? this.#parts.destinations.records().map(({ id }) => id)),
      maxAgeHours: input.maxAgeHours ?? DEFAULT_MAX_AGE_HOURS,
      addedAt: isoNow(this.#core),
    };
    this.#kinds.set(path, (await guessKind(path)).kind);
    this.#refuseKnown(path); // another window may have added it meanwhile
    const saved = this.#core.configuration.update((all) => ({ ...all, folders: [...all.folders, record] }));
    this.#tell({ kind: 'added', folder: record });
    await saved;
    return this.view(record.id);
  }

  async update(input: Fields & { readonly id: FolderId }): Promise<Folder> {
    const { id, ...fields } = input;
    this.record(id);
    if (fields.destinationIds) this.#known(fields.destinationIds);
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const saved = this.#core.configuration.update((all) => ({
      ...all,
      folders: all.folders.map((one) => (one.id === id ? { ...one, ...given } : one)),
    }));
    this.#tell({ kind: 'changed', folder: this.record(id) });
    await saved;
    return this.view(id);
  }

  /** Stops protecting it; its snapshots stay. */
  async remove(id: string): Promise<void> {
    const folder = this.record(id);
    this.#parts.runs.cancelOf(id);
    const saved = [
      this.#core.configuration.update((all) => ({ ...all, folders: all.folders.filter((one) => one.id !== id) })),
      this.#core.ledger.update((ledger) => ({
        ...ledger,
        copies: ledger.copies.filter((copy) => copy.folderId !== id),
        facts: ledger.facts.filter((facts) => facts.folderId !== id),
      })),
    ];
    this.#tell({ kind: 'removed', folder });
    await Promise.all(saved);
  }

  /** At once, also when the change cannot be written down: it holds for this start, so what follows from it does too. */
  #tell(change: FolderChange): void {
    for (const listener of this.#listeners) listener(change);
    this.#core.changed('folders');
  }

  #known(ids: readonly DestinationId[]): DestinationId[] {
    return ids.map((id) => this.#parts.destinations.record(id).id);
  }

  #refuseKnown(path: string): void {
    if (this.records().some((one) => one.path === path))
      throw new TriplicateError('app/exists', `${path} is protected already.`);
  }

  async #refuse(path: string): Promise<void> {
    this.#refuseKnown(path);
    for (const record of this.#parts.destinations.records()) {
      const named = folderOf(record);
      const place = named === null ? null : await realPath(named);
      const { name } = record;
      if (place !== null && isAtOrBelow(path, place)) {
        throw new TriplicateError('app/invalid', `${path} lies in the destination ${name}.`, {
          hint: 'Choose the folder with your own files, not the place where copies are kept.',
        });
      }
    }
  }

  #view(record: FolderRecord): Folder {
    const { ledger } = this.#core;
    const now = this.#core.ports.clock.now();
    const facts = ledger.value.facts.find(({ folderId }) => folderId === record.id);
    const all = this.#parts.destinations.list();
    const attached = all.filter(({ id }) => record.destinationIds.includes(id));
    const watch = this.#parts.watching.state(record.id);
    const judged = attached.map((destination) => this.#copy(record, destination, now));
    const copies = judged.map(({ copy }) => copy);
    const waiting = attached.map(({ id }) => countPending(this.#parts.pending.get(record.id, id)));
    const times = copies.map(({ lastSnapshotAt }) => lastSnapshotAt).filter((time) => time !== null);
    const free = all.filter(({ id }) => !record.destinationIds.includes(id));
    return {
      id: record.id,
      name: record.name,
      path: record.path,
      excludes: record.excludes,
      excludeLargerThan: record.excludeLargerThan,
      honourMarkers: record.honourMarkers,
      destinationIds: record.destinationIds,
      maxAgeHours: record.maxAgeHours,
      copies,
      rule: judgeRule({
        original: watch.state === 'missing' ? 'missing' : (this.#kinds.get(record.path) ?? 'internal'),
        copies: judged.map(({ copy, need }) => ({ ...copy, name: copy.destinationName, need })),
        free: free.map(({ id, name, kind, offsite }) => ({ destinationId: id, name, kind, offsite })),
      }),
      watch: { ...watch, changesWaiting: watch.state === 'missing' ? 0 : Math.max(0, ...waiting) },
      lastBackupAt: times.sort().at(-1) ?? null,
      overdue: isOverdue(record, copies, now),
      leftOut: facts?.leftOut ?? { unreadable: 0, excluded: 0 },
      size: facts?.size ?? null,
      activeRun: this.#activeRun(record.id),
    };
  }

  #activeRun(folderId: string): Folder['activeRun'] {
    const runs = this.#parts.runs.open().filter((run) => run.folderId === folderId && run.kind === 'backup');
    return runs.find(({ state }) => state === 'running') ?? runs[0] ?? null;
  }

  #copy(
    folder: FolderRecord,
    destination: ReturnType<Destinations['list']>[number],
    now: number,
  ): { readonly copy: Copy; readonly need: CopyNeed } {
    const record = copyOf(this.#core.ledger.value, folder.id, destination.id);
    const { settings } = this.#core.configuration.value;
    const { state, reason, need } = judgeCopy({
      // Before the first look, what was known last counts.
      destination: destination.state === 'unknown' && record?.lastSnapshotAt ? 'ready' : destination.state,
      problem: destination.problem?.message ?? record?.problem?.message ?? null,
      lastSnapshotAt: record?.lastSnapshotAt ? Date.parse(record.lastSnapshotAt) : null,
      lastVerifiedAt: record?.lastVerifiedAt ? Date.parse(record.lastVerifiedAt) : null,
      changesSince: this.#parts.pending.unstoredSince(folder.id, destination.id),
      missingSince: this.#parts.watching.missingSince(folder.id),
      now,
      content: contentOf(this.#core.ledger.value.facts.find(({ folderId }) => folderId === folder.id)),
      maxAgeMs: folder.maxAgeHours * 3_600_000,
      graceMs: Math.max(settings.maxWaitSeconds * 1000, destination.minIntervalMinutes * 60_000) + GRACE_MS,
      proofLimitMs: proofLimit(settings),
    });
    const copy: Copy = {
      destinationId: destination.id,
      destinationName: destination.name,
      kind: destination.kind,
      offsite: destination.offsite,
      state,
      reason,
      lastSnapshotAt: record?.lastSnapshotAt ?? null,
      lastVerifiedAt: record?.lastVerifiedAt ?? null,
    };
    return { copy, need };
  }
}

/** True when the folder has destinations and none of them got it in time. */
function isOverdue(folder: FolderRecord, copies: readonly Copy[], now: number): boolean {
  if (copies.length === 0) return false;
  const limit = folder.maxAgeHours * 3_600_000;
  return copies.some(({ lastSnapshotAt }) => ageOf(now, Date.parse(lastSnapshotAt ?? folder.addedAt)) > limit);
}

function contentOf(facts: FolderFacts | undefined): CopyFacts['content'] {
  if (facts?.size?.files === 0 && facts.leftOut.excluded > 0) return 'no-file';
  return facts && facts.leftOut.unreadable > 0 ? 'what-can-be-read' : 'all';
}

async function existingDirectory(path: string): Promise<string> {
  const full = resolve(path);
  const found = await stat(full).catch(() => undefined);
  if (!found) throw new TriplicateError('path/not-found', `There is no folder ${full}.`, { hint: 'Check the path.' });
  if (!found.isDirectory()) throw new TriplicateError('app/invalid', `${full} is not a folder.`);
  return realpath(full);
}
