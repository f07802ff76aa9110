import type { Run } from '../api/contract/runs.ts';
import type { DestinationId } from '../api/contract/values.ts';
import type { CatchUp } from './catch-up.ts';
import { type Core, copyOf } from './core.ts';
import type { DestinationWatch } from './destination-watch.ts';
import type { Destinations } from './destinations.ts';
import { judgeDue, judgeUpkeep, type Upkeep } from './due.ts';
import { elapsed } from './elapsed.ts';
import type { Folders } from './folders.ts';
import type { Pending, PendingChanges } from './pending-changes.ts';
import type { FolderRecord } from './records.ts';
import type { Runs } from './runs/runs.ts';
import type { Watching } from './watching.ts';
import type { Work } from './work.ts';

const TICK_MS = 1000;
/** The pause after an attempt to copy what was missed that did not bring everything. */
const CATCH_UP_PAUSE_MS = 3_600_000;
const UPKEEP: ReadonlySet<Run['kind']> = new Set(['prune', 'check', 'drill', 'catch-up']);

export interface SchedulerParts {
  readonly folders: Folders;
  readonly destinations: Destinations;
  readonly watch: DestinationWatch;
  readonly watching: Pick<Watching, 'onReturned'>;
  readonly runs: Runs;
  readonly pending: PendingChanges;
  readonly work: Work;
  readonly catchUp: CatchUp;
}

/** Starts what is due: backups after changes, scans on the clock, upkeep of the destinations. Looks once a second. */
export class Scheduler {
  readonly #core: Core;
  readonly #parts: SchedulerParts;
  readonly #failures = new Map<string, number>();
  readonly #ranAt = new Map<string, number>();
  readonly #overdue = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #stopListening: () => void = () => undefined;

  constructor(core: Core, parts: SchedulerParts) {
    this.#core = core;
    this.#parts = parts;
  }

  start(): void {
    const { folders, watch } = this.#parts;
    // Whatever happened while the app was not there is found by one full scan.
    for (const folder of folders.records()) this.#everything(folder, folder.destinationIds, 'start');
    folders.onChange(({ kind, folder }) => {
      if (kind === 'removed') this.#parts.pending.drop(folder.id);
      else this.#everything(folder, folder.destinationIds, 'change');
    });
    watch.onReturned((id) => {
      // A source that is back is as good a reason as the destination itself.
      for (const key of [...this.#ranAt.keys()]) if (key.startsWith('catch-up|')) this.#ranAt.delete(key);
      for (const folder of folders.records())
        if (folder.destinationIds.includes(id)) this.#everything(folder, [id], 'reconnected');
    });
    watch.onLost((folderId, id) => {
      const folder = folders.records().find((one) => one.id === folderId);
      if (folder) this.#everything(folder, [id], 'reconnected');
    });
    // What failed while the folder was not there says nothing any more.
    this.#parts.watching.onReturned((folder) => this.#everything(folder, folder.destinationIds, 'reconnected'));
    this.#core.ports.power.onResume(() => {
      for (const folder of folders.records()) this.#everything(folder, folder.destinationIds, 'schedule');
    });
    this.#stopListening = this.#core.events.subscribe((event, payload) => {
      if (event === 'run.changed') this.#noteRun(payload as Run);
    });
    this.#timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#stopListening();
  }

  /** One look at everything. */
  tick(): void {
    void this.#parts.watch
      .lookAround()
      .catch((error) => this.#core.log.error({ err: error }, 'looking at destinations failed'));
    this.#tellOverdue();
    if (this.#isResting()) return;
    for (const folder of this.#parts.folders.records()) this.#startDue(folder);
    this.#startCatchUp();
    this.#startUpkeep();
  }

  #isResting(): boolean {
    const { paused, pauseOnBattery } = this.#core.configuration.value.settings;
    const saving = pauseOnBattery && this.#core.ports.power.source() === 'battery';
    return paused || saving || this.#core.secrets.state === 'locked';
  }

  #startDue(folder: FolderRecord): void {
    const { pending, runs, work, watch } = this.#parts;
    const now = this.#core.ports.clock.now();
    const due: DestinationId[] = [];
    let cause: Pending['cause'] = 'schedule';
    for (const id of folder.destinationIds) {
      if (watch.live(id).state !== 'ready' || this.#parts.destinations.record(id).damage || runs.isBusy(folder.id, id))
        continue;
      const waiting = pending.get(folder.id, id);
      const again = pending.again(folder.id, id);
      const copy = copyOf(this.#core.ledger.value, folder.id, id);
      const judged = judgeDue({
        now,
        settings: this.#core.configuration.value.settings,
        pending: waiting,
        lookAgainAt: again?.at ?? null,
        minIntervalMinutes: this.#parts.destinations.record(id).minIntervalMinutes,
        lastRunAt: this.#ranAt.get(pair(folder.id, id)) ?? parse(copy?.lastSnapshotAt),
        lastFullScanAt: parse(copy?.lastFullScanAt),
        failures: this.#failures.get(pair(folder.id, id)) ?? 0,
      });
      if (judged === 'not-yet') continue;
      if (judged === 'full-scan') pending.add(folder.id, id, 'everything', waiting?.cause ?? 'schedule', now);
      else if (!waiting && again) pending.add(folder.id, id, again.directories, 'schedule', now);
      cause = waiting?.cause ?? cause;
      due.push(id);
    }
    for (const group of work.groups(due)) work.backup(folder, group, cause);
  }

  /** What was missed comes after the present state, at one destination at a time. */
  #startCatchUp(): void {
    const { runs, destinations, watch, folders, pending, catchUp } = this.#parts;
    if (runs.open().some(({ kind }) => UPKEEP.has(kind))) return;
    const now = this.#core.ports.clock.now();
    for (const { id, damage } of destinations.records()) {
      if (watch.live(id).state !== 'ready' || damage || runs.queuedAt(id) > 0) continue;
      const behind = folders
        .records()
        .filter(({ destinationIds }) => destinationIds.includes(id))
        .some(
          (folder) => pending.get(folder.id, id)?.cause === 'reconnected' && !this.#failures.has(pair(folder.id, id)),
        );
      const triedAt = this.#ranAt.get(pair('catch-up', id));
      if (behind || (triedAt !== undefined && elapsed(now, triedAt) < CATCH_UP_PAUSE_MS) || !catchUp.isDue(id))
        continue;
      catchUp.enqueue(id, 'reconnected');
      return;
    }
  }

  /** One destination at a time; work of its own goes first for a while. */
  #startUpkeep(): void {
    const { runs, destinations, folders, work, watch } = this.#parts;
    if (runs.open().some(({ kind }) => UPKEEP.has(kind))) return;
    for (const record of destinations.records()) {
      if (watch.live(record.id).state !== 'ready' || record.damage) continue;
      // What a drill does not try, as the folder is not kept there any more, must not ask for one for ever.
      const kept = new Set(
        folders.records().flatMap((one) => (one.destinationIds.includes(record.id) ? [one.id] : [])),
      );
      const stored = this.#core.ledger.value.copies.filter(
        ({ folderId, destinationId, lastSnapshotAt }) =>
          destinationId === record.id && lastSnapshotAt && kept.has(folderId),
      );
      const unproven = stored.some(({ lastVerifiedAt }) => lastVerifiedAt === null);
      const upkeep = judgeUpkeep({
        now: this.#core.ports.clock.now(),
        settings: this.#core.configuration.value.settings,
        addedAt: Date.parse(record.addedAt),
        lastPruneAt: parse(record.lastPruneAt),
        lastCheckAt: parse(record.lastCheckAt),
        lastDrillAt: parse(record.lastDrillAt),
        triedAt: {
          prune: this.#triedAt(record.id, 'prune'),
          check: this.#triedAt(record.id, 'check'),
          drill: this.#triedAt(record.id, 'drill'),
        },
        destination: runs.queuedAt(record.id) > 0 ? 'busy' : 'idle',
        prune: work.damagedFor(record.id) ? 'held' : 'free',
        content: stored.length === 0 ? 'none' : unproven ? 'some-unproven' : 'some',
      });
      if (!upkeep) continue;
      if (upkeep === 'prune') work.prune(record.id, 'schedule');
      else if (upkeep === 'check') work.check(record.id, 'structure', 'schedule');
      else work.drill(record.id, 'schedule');
      return;
    }
  }

  /** What fails is not repeated every second. */
  #triedAt(id: string, kind: Upkeep): number | null {
    return this.#ranAt.get(pair(kind, id)) ?? null;
  }

  #noteRun(run: Run): void {
    if (run.endedAt === null) return;
    const at = Date.parse(run.endedAt);
    for (const id of run.destinationIds) {
      if (run.kind !== 'backup') {
        this.#ranAt.set(pair(run.kind, id), at);
        continue;
      }
      const key = pair(run.folderId ?? '', id);
      this.#ranAt.set(key, at);
      const stored = run.report?.snapshots.some(({ destinationId }) => destinationId === id);
      if (stored) this.#failures.delete(key);
      else if (run.state !== 'cancelled' || run.error?.code !== 'cancelled')
        this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
      else this.#failures.set(key, Math.max(1, this.#failures.get(key) ?? 0)); // the person stopped it: not again at once
    }
  }

  #everything(folder: FolderRecord, ids: readonly DestinationId[], cause: Pending['cause']): void {
    const now = this.#core.ports.clock.now();
    for (const id of ids) {
      if (cause === 'reconnected') this.#failures.delete(pair(folder.id, id));
      this.#parts.pending.add(folder.id, id, 'everything', cause, now);
    }
  }

  /** Told once when it begins. */
  #tellOverdue(): void {
    for (const folder of this.#parts.folders.list()) {
      if (!folder.overdue) {
        this.#overdue.delete(folder.id);
        continue;
      }
      if (this.#overdue.has(folder.id)) continue;
      this.#overdue.add(folder.id);
      const text = folder.lastBackupAt ? 'A copy is older than it should be.' : 'Nothing has been stored yet.';
      this.#core.events.emit('notice', { level: 'warning', title: `The backup of ${folder.name} is overdue`, text });
      this.#core.changed('folders');
    }
  }
}

function pair(folderId: string, destinationId: string): string {
  return `${folderId}|${destinationId}`;
}

function parse(time: string | null | undefined): number | null {
  return time ? Date.parse(time) : null;
}
