import { randomUUID } from 'node:crypto';
import type { CheckDepth, Report, Run, RunKind, RunState } from '../../api/contract/runs.ts';
import type { ContractError, DestinationId, FolderId, RunId } from '../../api/contract/values.ts';
import { hasCode, TriplicateError } from '../../engine/errors.ts';
import type { EngineProgress } from '../../engine/progress.ts';
import { type Core, isoNow } from '../core.ts';
import { plainError } from '../engine-link/serve-engine.ts';
import { ProgressMeter } from './progress.ts';
import { isOpen, pageOfRuns, type RunFilter } from './run-list.ts';

/** How many ended runs are kept. */
const KEPT_RUNS = 500;
const TELL_EVERY_MS = 120;

export interface RunResult {
  readonly state: 'done' | 'partial' | 'failed';
  readonly report: Report | null;
  readonly error: ContractError | null;
}

/** The engine's progress, or the proof that follows a backup. */
export type RunProgress = Omit<EngineProgress, 'phase'> & { readonly phase: EngineProgress['phase'] | 'proving' };

export interface RunTools {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: RunProgress) => void;
}

export interface RunRequest {
  readonly kind: RunKind;
  readonly title: string;
  readonly folderId: FolderId | null;
  readonly destinationIds: readonly DestinationId[];
  readonly cause: Run['cause'];
  /** `queue`: waits for its turn at each of its destinations; `at-once`: only reads there, so it need not wait. */
  readonly order: 'queue' | 'at-once';
  /** Destinations whose old versions it moves or removes, or relies on for long: one such run at a time at each. */
  readonly upkeepOf?: readonly DestinationId[];
  /** Of a check; one of the structure does not serve for one that reads all. */
  readonly depth?: CheckDepth;
  readonly work: (tools: RunTools) => Promise<RunResult>;
}

interface Entry {
  run: Run;
  readonly request: RunRequest;
  readonly controller: AbortController;
  readonly ended: PromiseWithResolvers<Run>;
}

/**
 * All runs: a queue for each destination, so that one that is slow, away or failing never holds up another. A run for
 * several destinations starts when it is first in each of their queues.
 */
export class Runs {
  readonly #core: Core;
  readonly #entries: Entry[] = [];
  #state: 'open' | 'closing' = 'open';

  constructor(core: Core) {
    this.#core = core;
  }

  /** Runs that a crash or kill interrupted become cancelled; the scan at start repeats the work of backups. */
  async recover(): Promise<void> {
    // On a full disk the app must start all the same.
    if (!this.#core.ledger.value.runs.some(({ state }) => isOpen(state))) return;
    const endedAt = isoNow(this.#core);
    const error = (kind: RunKind): ContractError =>
      plainError(
        new TriplicateError('cancelled', 'Triplicate ended while this was running.', { hint: AFTER_A_KILL[kind] }),
      );
    await this.#core.ledger.update((ledger) => ({
      ...ledger,
      runs: ledger.runs.map((run) =>
        isOpen(run.state)
          ? { ...run, state: 'cancelled' as const, endedAt, progress: null, error: error(run.kind) }
          : run,
      ),
    }));
  }

  enqueue(request: RunRequest): Run {
    if (this.#state === 'closing') throw new TriplicateError('cancelled', 'Triplicate is closing.');
    const same = this.#entries.find((entry) => entry.run.state === 'queued' && isSame(entry.request, request));
    if (same) return same.run;
    const run: Run = {
      id: randomUUID() as RunId,
      kind: request.kind,
      state: 'queued',
      title: request.title,
      folderId: request.folderId,
      destinationIds: [...request.destinationIds],
      cause: request.cause,
      ...(request.depth === undefined ? {} : { depth: request.depth }),
      createdAt: isoNow(this.#core),
      startedAt: null,
      endedAt: null,
      progress: null,
      report: null,
      error: null,
    };
    const entry: Entry = { run, request, controller: new AbortController(), ended: Promise.withResolvers() };
    this.#entries.push(entry);
    this.#save(entry);
    this.#pump();
    return entry.run;
  }

  get(id: string): Run {
    const run = this.#find(id)?.run ?? this.#core.ledger.value.runs.find((one) => one.id === id);
    if (!run) throw new TriplicateError('app/not-found', 'This run is no longer kept.');
    return run;
  }

  /** Newest first. */
  list({ limit = 100, ...filter }: RunFilter & { readonly limit?: number }): Run[] {
    const live = new Map(this.#entries.map(({ run }) => [run.id, run]));
    const newestFirst = this.#core.ledger.value.runs.map((run) => live.get(run.id) ?? run).reverse();
    return pageOfRuns(newestFirst, filter, limit);
  }

  get state(): 'open' | 'closing' {
    return this.#state;
  }

  /** Runs that are queued or under way. */
  open(): readonly Run[] {
    return this.#entries.map(({ run }) => run);
  }

  isBusy(folderId: string, destinationId: string): boolean {
    return this.#entries.some(
      ({ run }) =>
        run.kind === 'backup' && run.folderId === folderId && run.destinationIds.some((id) => id === destinationId),
    );
  }

  queuedAt(destinationId: string): number {
    return this.#entries.filter(
      ({ run, request }) => request.order === 'queue' && run.destinationIds.some((id) => id === destinationId),
    ).length;
  }

  /** Cancelling what has ended already is fine. */
  cancel(id: string): void {
    const entry = this.#find(id);
    if (!entry) {
      this.get(id);
      return;
    }
    entry.controller.abort();
    if (entry.run.state === 'queued') this.#end(entry, { state: 'cancelled', report: null, error: cancelled() });
  }

  cancelAt(destinationId: string): void {
    for (const { run } of [...this.#entries])
      if (run.destinationIds.some((id) => id === destinationId)) this.cancel(run.id);
  }

  cancelOf(folderId: string): void {
    for (const { run } of [...this.#entries]) if (run.folderId === folderId) this.cancel(run.id);
  }

  /** Resolves with the ended run. */
  ended(id: string): Promise<Run> {
    return this.#find(id)?.ended.promise ?? Promise.resolve(this.get(id));
  }

  /** Cancels everything and waits for it. */
  async close(): Promise<void> {
    this.#state = 'closing';
    const open = [...this.#entries];
    for (const { run } of open) this.cancel(run.id);
    await Promise.all(open.map(({ ended }) => ended.promise));
  }

  #pump(): void {
    const taken = new Set<string>();
    for (const { run, request } of this.#entries)
      if (run.state === 'running') for (const lane of [...lanesOf(request), ...upkeepLanesOf(request)]) taken.add(lane);
    for (const entry of this.#entries.filter(({ run }) => run.state === 'queued')) {
      const lanes = lanesOf(entry.request);
      const upkeep = upkeepLanesOf(entry.request);
      const mayKeepUp = upkeep.every((lane) => !taken.has(lane));
      const free = mayKeepUp && lanes.every((lane) => !taken.has(lane));
      for (const lane of upkeep) taken.add(lane);
      // What waits for upkeep, which may take hours, lets backups pass.
      if (mayKeepUp) for (const lane of lanes) taken.add(lane);
      if (free) void this.#start(entry);
    }
  }

  async #start(entry: Entry): Promise<void> {
    const { clock } = this.#core.ports;
    const meter = new ProgressMeter(clock.now());
    let toldAt = 0;
    entry.run = { ...entry.run, state: 'running', startedAt: isoNow(this.#core) };
    this.#save(entry);
    const onProgress = (progress: RunProgress): void => {
      if (entry.run.state !== 'running') return;
      const now = clock.now();
      entry.run = { ...entry.run, progress: meter.measure(progress, now) };
      if (now - toldAt < TELL_EVERY_MS) return;
      toldAt = now;
      this.#core.events.emit('run.changed', entry.run);
    };
    try {
      this.#end(entry, await entry.request.work({ signal: entry.controller.signal, onProgress }));
    } catch (error) {
      const wire = this.#shown(error);
      this.#end(entry, { state: hasCode(error, 'cancelled') ? 'cancelled' : 'failed', report: null, error: wire });
    }
  }

  #shown(error: unknown): ContractError {
    const wire = plainError(error);
    if (wire.code !== 'internal') return wire;
    this.#core.log.error({ err: error }, 'a run failed unexpectedly');
    return { ...wire, message: 'Something went wrong inside Triplicate; the log has the details.' };
  }

  #end(entry: Entry, result: { state: RunState; report: Report | null; error: ContractError | null }): void {
    const position = this.#entries.indexOf(entry);
    if (position < 0) return;
    this.#entries.splice(position, 1);
    entry.run = { ...entry.run, ...result, endedAt: isoNow(this.#core), progress: null };
    this.#save(entry);
    this.#log(entry.run);
    entry.ended.resolve(entry.run);
    if (this.#state === 'open') this.#pump();
  }

  #log({ id, title, cause, state, error, startedAt }: Run): void {
    const ended = { run: id, title, cause, state, startedAt, ...(error ? { error } : {}) };
    if (state === 'done' || state === 'cancelled') this.#core.log.info(ended, 'run ended');
    else this.#core.log.warn(ended, 'run ended');
  }

  #save({ run }: Entry): void {
    const saved = this.#core.ledger.update((ledger) => {
      const known = ledger.runs.some(({ id }) => id === run.id);
      const runs = known ? ledger.runs.map((one) => (one.id === run.id ? run : one)) : [...ledger.runs, run];
      return { ...ledger, runs: newestOf(runs) };
    });
    saved.catch((error) => this.#core.log.error({ err: error }, 'the list of runs could not be written'));
    this.#core.events.emit('run.changed', run);
    this.#core.changed('folders');
    this.#core.changed('destinations');
  }

  #find(id: string): Entry | undefined {
    return this.#entries.find(({ run }) => run.id === id);
  }
}

const REPEATED = 'It is repeated by itself; what was stored already stays.';
const WHEN_DUE = 'It is done again when it is due, or when you ask for it. Nothing is lost.';

/** What becomes of a run that a crash or kill interrupted. */
const AFTER_A_KILL: Readonly<Record<RunKind, string>> = {
  backup: REPEATED,
  'catch-up': REPEATED,
  check: WHEN_DUE,
  drill: WHEN_DUE,
  prune: WHEN_DUE,
  restore: 'It is not repeated by itself: restore again. What was restored already is whole, and stays.',
};

function lanesOf({ order, destinationIds }: RunRequest): readonly string[] {
  return order === 'queue' ? destinationIds : [];
}

/** Only one destination is thinned out at a time: should it go wrong, all others are as they were. */
function upkeepLanesOf({ kind, upkeepOf = [] }: RunRequest): readonly string[] {
  const lanes = upkeepOf.map((id) => `upkeep of ${id}`);
  return kind === 'prune' ? [...lanes, 'prune'] : lanes;
}

/** The newest, and all that are under way: a slow one outlives hundreds of quick ones. */
function newestOf(runs: readonly Run[]): Run[] {
  let tooMany = runs.length - KEPT_RUNS;
  return runs.filter(({ state }) => isOpen(state) || tooMany-- <= 0);
}

function isSame(a: RunRequest, b: RunRequest): boolean {
  const sameDestinations =
    a.destinationIds.length === b.destinationIds.length &&
    a.destinationIds.every((id) => b.destinationIds.includes(id));
  const sameWork = a.kind !== 'restore' && a.kind === b.kind && a.depth === b.depth;
  return sameWork && a.folderId === b.folderId && sameDestinations;
}

function cancelled(): ContractError {
  return plainError(new TriplicateError('cancelled', 'Cancelled before it began.'));
}
