import type { Destination } from '../api/contract/destinations.ts';
import { hasCode } from '../engine/errors.ts';
import { type Core, placeOf, updatePlace } from './core.ts';
import type { Absence, MissedMoment } from './engine-link/calls.ts';
import { catalogFile } from './home-folder.ts';
import type { DestinationRecord } from './records.ts';

/** What destinations lack from while they were away, as the catalog last told. */
export class Missed {
  readonly #core: Core;
  readonly #known = new Map<string, readonly MissedMoment[]>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** For the screen. */
  of(id: string): Destination['missed'] {
    const moments = this.moments(id);
    if (moments.length === 0) return null;
    const at = new Set(moments.flatMap(({ copies }) => copies.map(({ destinationId }) => destinationId)));
    const { destinations } = this.#core.configuration.value;
    return { moments: moments.length, at: destinations.flatMap((one) => (at.has(one.id) ? [one.id] : [])) };
  }

  /** Oldest first. */
  moments(id: string): readonly MissedMoment[] {
    return this.#known.get(id) ?? [];
  }

  /** The times in which it was away and that nobody has settled yet. */
  absences(id: string): readonly Absence[] {
    return (placeOf(this.#core.ledger.value, id)?.absences ?? []).flatMap(({ from, to }) =>
      to === null ? [] : [{ from, to }],
    );
  }

  /** Asks the catalog again. */
  async refresh(record: DestinationRecord): Promise<readonly MissedMoment[]> {
    const { id } = record;
    const before = JSON.stringify(this.of(id));
    const absences = this.absences(id);
    this.#known.set(id, absences.length === 0 ? [] : await this.#ask(record, absences));
    // A wish whose run was killed at its very end is fulfilled: the next absence is another question.
    if (this.moments(id).length === 0 && placeOf(this.#core.ledger.value, id)?.catchingUp === 'asked')
      await updatePlace(this.#core, id, () => ({ catchingUp: 'no' }));
    if (JSON.stringify(this.of(id)) !== before) this.#core.changed('destinations');
    return this.moments(id);
  }

  /** In the background. */
  refreshAll(): void {
    for (const record of this.#core.configuration.value.destinations) {
      if (this.absences(record.id).length === 0 && this.moments(record.id).length === 0) continue;
      this.refresh(record).catch((error: unknown) => {
        if (!hasCode(error, 'cancelled')) this.#core.log.warn({ err: error }, 'what was missed is not known');
      });
    }
  }

  #ask(
    { id, retention, minIntervalMinutes }: DestinationRecord,
    absences: readonly Absence[],
  ): Promise<readonly MissedMoment[]> {
    const folders = this.#core.configuration.value.folders.filter(({ destinationIds }) => destinationIds.includes(id));
    return this.#core.engine.call('missed', {
      catalog: catalogFile(this.#core.stateFolder),
      folderIds: folders.map((folder) => folder.id),
      destinationId: id,
      absences,
      retention,
      minIntervalMinutes,
    });
  }
}
