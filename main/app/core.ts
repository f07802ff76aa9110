import type { Logger } from 'pino';
import type { Engine, RepositoryAddress } from './engine-link/calls.ts';
import type { AppEvents } from './events.ts';
import type { AppPorts } from './ports.ts';
import type { Configuration, CopyRecord, DestinationRecord, Ledger, PlaceRecord } from './records.ts';
import type { Secrets } from './secrets.ts';
import type { StateFile } from './state-file.ts';

/** What every service of the app works with; made once, in `compose.ts`. */
export interface Core {
  readonly ports: AppPorts;
  readonly log: Logger;
  readonly events: AppEvents;
  readonly engine: Engine;
  readonly secrets: Secrets;
  readonly configuration: StateFile<Configuration>;
  readonly ledger: StateFile<Ledger>;
  readonly stateFolder: string;
  /** Tells that folders or destinations look different now; told to the screen at most ten times a second. */
  changed(what: 'folders' | 'destinations' | 'system'): void;
}

export function isoNow(core: Pick<Core, 'ports'>): string {
  return new Date(core.ports.clock.now()).toISOString();
}

/** How the engine reaches a destination, and which repository it must find there. @throws `app/passphrase-needed` */
export function addressOf(core: Pick<Core, 'secrets'>, record: DestinationRecord): RepositoryAddress {
  const { id, location, repositoryId } = record;
  return { location, passphrase: core.secrets.of(id), repositoryId };
}

export function copyOf(ledger: Ledger, folderId: string, destinationId: string): CopyRecord | undefined {
  return ledger.copies.find((copy) => copy.folderId === folderId && copy.destinationId === destinationId);
}

/** Changes the record of one folder at one destination, making it when there is none. */
export function updateCopy(
  core: Core,
  ids: Pick<CopyRecord, 'folderId' | 'destinationId'>,
  change: Partial<CopyRecord>,
): Promise<void> {
  return core.ledger.update((ledger) => {
    const before = copyOf(ledger, ids.folderId, ids.destinationId) ?? {
      ...ids,
      lastSnapshotAt: null,
      lastSnapshotId: null,
      lastVerifiedAt: null,
      lastFullScanAt: null,
      problem: null,
    };
    const others = ledger.copies.filter((copy) => copy !== before);
    return { ...ledger, copies: [...others, { ...before, ...change }] };
  });
}

/** What is known of a destination beyond its settings. */
export function placeOf(ledger: Ledger, destinationId: string): PlaceRecord | undefined {
  return ledger.places.find((place) => place.destinationId === destinationId);
}

const newPlace = (destinationId: PlaceRecord['destinationId']): PlaceRecord => ({
  destinationId,
  written: [],
  absences: [],
  catchingUp: 'no',
});

/** Changes the record of one destination, making it when there is none. */
export function updatePlace(
  core: Core,
  destinationId: PlaceRecord['destinationId'],
  change: (before: PlaceRecord) => Partial<PlaceRecord>,
): Promise<void> {
  return core.ledger.update((ledger) => {
    const before = placeOf(ledger, destinationId) ?? newPlace(destinationId);
    const others = ledger.places.filter((place) => place.destinationId !== destinationId);
    return { ...ledger, places: [...others, { ...before, ...change(before) }] };
  });
}
