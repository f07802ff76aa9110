import type { Destination } from '../api/contract/destinations.ts';
import type { DestinationId } from '../api/contract/values.ts';
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
  async refresh({ id, retention }: Pick<DestinationRecord, 'id' | 'retention'>): Promise<readonly MissedMoment[]> {
    const before = JSON.stringify(this.of(id));
    const absences = this.absences(id);
    this.#known.set(id, absences.length === 0 ? [] : await this.#ask(id, absences, retention));
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
    destinationId: DestinationId,
    absences: readonly Absence[],
    retention: DestinationRecord['retention'],
  ): Promise<readonly MissedMoment[]> {
    const folders = this.#core.configuration.value.folders.filter((one) => one.destinationIds.includes(destinationId));
    return this.#core.engine.call('missed', {
      catalog: catalogFile(this.#core.stateFolder),
      folderIds: folders.map(({ id }) => id),
      destinationId,
      absences,
      retention,
    });
  }
}
