import type { Run } from '../api/contract/runs.ts';
import type { DestinationId } from '../api/contract/values.ts';
import { hasCode, TriplicateError } from '../engine/errors.ts';
import { type Core, placeOf, updatePlace } from './core.ts';
import { asDamage } from './damage.ts';
import type { DestinationWatch } from './destination-watch.ts';
import type { Destinations } from './destinations.ts';
import type { CopyOutcome, MissedMoment } from './engine-link/calls.ts';
import { plainError } from './engine-link/serve-engine.ts';
import type { Folders } from './folders.ts';
import type { History } from './history.ts';
import { isRemote } from './location.ts';
import type { Missed } from './missed.ts';
import { noteDamage } from './note-damage.ts';
import type { PlaceRecord } from './records.ts';
import { type CaughtUp, catchUpReport } from './runs/report-words.ts';
import type { RunResult, Runs, RunTools } from './runs/runs.ts';
import type { Work } from './work.ts';

export interface CatchUpParts {
  readonly folders: Folders;
  readonly destinations: Destinations;
  readonly watch: DestinationWatch;
  readonly history: History;
  readonly missed: Missed;
  readonly runs: Runs;
  readonly work: Work;
}

/**
 * Brings moments that a destination missed while it was away from the destinations that have them. It has the present
 * state anyway; this is for those who want the whole history there too.
 */
export class CatchUp {
  readonly #core: Core;
  readonly #parts: CatchUpParts;

  constructor(core: Core, parts: CatchUpParts) {
    this.#core = core;
    this.#parts = parts;
  }

  /** Keeps what is known of missed moments up to date, and notes when a person stops a run. */
  start(): void {
    const { missed, runs } = this.#parts;
    missed.refreshAll();
    this.#core.events.subscribe((event, payload) => {
      if (event === 'history.changed') missed.refreshAll();
      if (event !== 'run.changed') return;
      const { kind, state, destinationIds } = payload as Run;
      if (kind !== 'catch-up' || state !== 'cancelled' || runs.state === 'closing') return;
      for (const id of destinationIds) this.#settle(id, { catchingUp: 'stopped' });
    });
  }

  /** By a person's wish, which outlives a kill: the run begins again until it is done or stopped. @throws `app/…` */
  async ask(id: DestinationId): Promise<Run> {
    const { destinations, runs, watch } = this.#parts;
    const record = destinations.record(id);
    this.#core.secrets.of(id);
    refuseDamaged(record);
    await watch.look(record);
    const running = runs.open().find(({ kind, destinationIds }) => kind === 'catch-up' && destinationIds.includes(id));
    if (running) return running;
    const run = this.enqueue(id, 'person');
    await updatePlace(this.#core, id, () => ({ catchingUp: 'asked' }));
    return run;
  }

  /** Whether it is wanted by itself now: asked for, or the destination's setting, and something can be copied. */
  isDue(id: DestinationId): boolean {
    const wish = placeOf(this.#core.ledger.value, id)?.catchingUp ?? 'no';
    const wanted = wish === 'asked' || (wish === 'no' && this.#parts.destinations.record(id).catchUp === 'always');
    return wanted && this.#parts.missed.moments(id).some((moment) => this.#sourcesOf(moment, id).length > 0);
  }

  enqueue(id: DestinationId, cause: Run['cause']): Run {
    const { destinations, runs } = this.#parts;
    return runs.enqueue({
      kind: 'catch-up',
      title: `Copy what ${destinations.record(id).name} missed`,
      folderId: null,
      destinationIds: [id],
      cause,
      order: 'at-once',
      upkeepOf: destinations.records().map((one) => one.id),
      work: (tools) => this.#run(id, tools),
    });
  }

  /** What it missed is not wanted there. */
  async leave(id: DestinationId): Promise<void> {
    const { destinations, missed, runs } = this.#parts;
    const record = destinations.record(id);
    for (const run of runs.open()) if (run.kind === 'catch-up' && run.destinationIds.includes(id)) runs.cancel(run.id);
    await updatePlace(this.#core, id, ({ absences }) => ({
      absences: absences.filter(({ to }) => to === null),
      catchingUp: 'no',
    }));
    await missed.refresh(record);
  }

  async #run(id: DestinationId, tools: RunTools): Promise<RunResult> {
    const { destinations, folders, history, missed, work } = this.#parts;
    const record = destinations.record(id);
    refuseDamaged(record);
    const settled = missed.absences(id);
    for (const folder of folders.records().filter(({ destinationIds }) => destinationIds.includes(id)))
      await this.#core.engine.call('updateHistory', history.scope(folder.id), { signal: tools.signal });
    const wanted = await missed.refresh(record);
    const result = await this.#copyAll(id, wanted, tools);
    for (const { id: folderId } of folders.records()) this.#core.events.emit('history.changed', { folderId });
    if (result.damagedParts > 0) await work.noteDamagedParts(id, result);
    await work.measure(id);
    await updatePlace(this.#core, id, ({ absences }) => {
      // What nobody has whole is not tried by itself again; what is away is, when it is back.
      if (result.lost.length > 0) return { catchingUp: 'stopped' };
      if (result.away > 0) return { catchingUp: 'asked' };
      // A destination that was not asked may have more from that time.
      if (!this.#allAsked(id)) return { catchingUp: 'stopped' };
      const isSettled = (from: string): boolean => settled.some((one) => one.from === from);
      return { absences: absences.filter(({ from }) => !isSettled(from)), catchingUp: 'no' };
    });
    await missed.refresh(record);
    const whole = result.lost.length + result.away + result.damagedParts === 0;
    return { state: whole ? 'done' : 'partial', report: catchUpReport(result), error: null };
  }

  /** From the best destination first; what one has lost, or cannot give any more, is taken from the next. */
  async #copyAll(id: DestinationId, wanted: readonly MissedMoment[], tools: RunTools): Promise<CaughtUp> {
    const total: CaughtUp = { copied: 0, bytesAdded: 0, damagedParts: 0, indexLost: false, away: 0, lost: [] };
    const problems = new Map<MissedMoment, string>();
    let open = wanted;
    for (const from of this.#sources(id)) {
      const { name } = this.#parts.destinations.record(from);
      const here = open.flatMap((moment) => {
        const snapshotId = moment.copies.find(({ destinationId }) => destinationId === from)?.snapshotId;
        return snapshotId === undefined ? [] : [{ moment, snapshotId }];
      });
      if (here.length === 0) continue;
      const snapshotIds = here.map(({ snapshotId }) => snapshotId);
      const outcome = await this.#copyFrom(from, id, snapshotIds, shifted(tools, total, wanted.length));
      if (outcome === 'source-is-away') continue;
      const there = new Set([...outcome.copied.map((one) => one.from), ...outcome.present]);
      // What it has lost is missing to its other versions as well.
      const [lost] = outcome.failed;
      if (lost) await noteDamage(this.#core, from, asDamage(lost.error.message));
      const failed = new Map(outcome.failed.map((one) => [one.id, one.error.message]));
      for (const { moment, snapshotId } of here)
        if (!there.has(snapshotId))
          problems.set(moment, `${name}: ${failed.get(snapshotId) ?? 'it is no longer there.'}`);
      const done = new Set(here.filter(({ snapshotId }) => there.has(snapshotId)).map(({ moment }) => moment));
      total.copied += done.size;
      total.bytesAdded += outcome.bytesAdded;
      total.damagedParts = Math.max(total.damagedParts, outcome.damagedParts);
      total.indexLost ||= outcome.indexLost;
      open = open.filter((moment) => !done.has(moment));
    }
    for (const moment of open) {
      const why = problems.get(moment);
      if (why === undefined) total.away++;
      else total.lost.push({ time: moment.time, why });
    }
    return total;
  }

  async #copyFrom(
    from: DestinationId,
    to: DestinationId,
    snapshotIds: readonly string[],
    tools: RunTools,
  ): Promise<CopyOutcome | 'source-is-away'> {
    const { destinations, watch } = this.#parts;
    try {
      const outcome = await this.#core.engine.call(
        'copy',
        { from: destinations.address(from), to: destinations.address(to), snapshotIds },
        tools,
      );
      const stored = outcome.copied.map((one) => one.to);
      await updatePlace(this.#core, to, ({ written }) => ({ written: [...written, ...stored] }));
      return outcome;
    } catch (error) {
      if (tools.signal.aborted) throw error;
      // A disk that is full needs its room for what is new.
      if (hasCode(error, 'store/full')) this.#settle(to, { catchingUp: 'stopped' });
      await Promise.all([from, to].map((id) => watch.look(destinations.record(id))));
      if (watch.live(to).state === 'ready' && watch.live(from).state !== 'ready') return 'source-is-away';
      throw error;
    }
  }

  /** Whether every other destination of its folders could be read. */
  #allAsked(id: DestinationId): boolean {
    const { folders, watch } = this.#parts;
    const others = folders
      .records()
      .flatMap(({ destinationIds }) => (destinationIds.includes(id) ? destinationIds : []));
    return others.every((one) => one === id || watch.live(one).state === 'ready');
  }

  #sourcesOf({ copies }: MissedMoment, id: DestinationId): readonly DestinationId[] {
    return this.#sources(id).filter((one) => copies.some(({ destinationId }) => destinationId === one));
  }

  /** Destinations that can be read now, disks first. What is damaged somewhere is left out by the copying itself. */
  #sources(id: DestinationId): readonly DestinationId[] {
    const { destinations, watch } = this.#parts;
    return destinations
      .records()
      .filter((one) => one.id !== id && one.damage === null && watch.live(one.id).state === 'ready')
      .toSorted((a, b) => Number(isRemote(a.location)) - Number(isRemote(b.location)))
      .map((one) => one.id);
  }

  #settle(id: DestinationId, change: Partial<PlaceRecord>): void {
    if (!this.#parts.destinations.records().some((one) => one.id === id)) return;
    updatePlace(this.#core, id, () => change).catch((error) =>
      this.#core.log.error({ err: plainError(error) }, 'a wish could not be written down'),
    );
  }
}

/** Progress of one copy as a part of all. */
function shifted({ signal, onProgress }: RunTools, { copied, bytesAdded }: CaughtUp, filesTotal: number): RunTools {
  return {
    signal,
    onProgress: (progress) =>
      onProgress({
        ...progress,
        filesDone: copied + progress.filesDone,
        filesTotal,
        bytesDone: bytesAdded + progress.bytesDone,
      }),
  };
}

function refuseDamaged({ name, damage }: { readonly name: string; readonly damage: object | null }): void {
  if (damage === null) return;
  throw new TriplicateError(
    'app/invalid',
    `${name} is damaged: nothing is copied to it before a check finds it whole.`,
    {
      hint: 'Check it first. Your files and the other copies are not affected.',
    },
  );
}
