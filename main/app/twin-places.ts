import { TriplicateError } from '../engine/errors.ts';
import { addressOf, type Core } from './core.ts';
import type { RepositoryAddress } from './engine-link/calls.ts';
import { describeLocation } from './location.ts';
import type { DestinationRecord } from './records.ts';

/** A destination of which it is asked whether another one is the same place; one that is only being added has no id. */
export interface Place extends Pick<DestinationRecord, 'location' | 'repositoryId'> {
  readonly id: string | null;
}

/**
 * Destinations that are one place under two names. Its repository is one copy, however it is spelled; a clone on another disk
 * has the same id and is a copy of its own. Which of the two it is can be seen only while both are there.
 */
export class TwinPlaces {
  readonly #core: Core;
  /** What was found, by the pair, while both stay reachable. */
  readonly #found = new Map<string, 'same' | 'another'>();

  constructor(core: Core) {
    this.#core = core;
  }

  /** Those that were added before this one and hold a repository of the same id. */
  elders({ id, repositoryId }: Place): readonly DestinationRecord[] {
    const all = this.#core.configuration.value.destinations;
    const own = all.findIndex((one) => one.id === id);
    return (own < 0 ? all : all.slice(0, own)).filter((one) => repositoryId && one.repositoryId === repositoryId);
  }

  /** @throws `app/same-place` when both are one place; whatever keeps it from being seen */
  async refuse(place: Place, address: RepositoryAddress, elder: DestinationRecord): Promise<void> {
    const pair = `${elder.id}|${place.id}`;
    let answer = this.#found.get(pair);
    if (answer === undefined) {
      const input = { repository: addressOf(this.#core, elder), other: address };
      ({ answer } = await this.#core.engine.call('samePlace', input));
      if (place.id !== null) this.#found.set(pair, answer);
    }
    if (answer === 'another') return;
    const [here, there] = [describeLocation(place.location), describeLocation(elder.location)];
    throw new TriplicateError('app/same-place', `${here} and ${there}, which is ${elder.name}, are the same place.`);
  }

  /** It is not there any more: what comes back may be another one. */
  forget(id: string): void {
    for (const pair of [...this.#found.keys()]) if (pair.split('|').includes(id)) this.#found.delete(pair);
  }
}
