import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import type { StorageKind } from '../../main/api/contract/values.ts';
import type { Client } from '../client.ts';
import { guessName } from '../destinations/choices.ts';
import { lastName } from '../parts/format.ts';

/** What the person entered in the guide. Nothing of it is done before the passphrase step is left. */
export interface GuidePlan {
  readonly folders: readonly string[];
  readonly disk: Place | null;
  readonly cloud: Place | null;
  readonly passphrase: string;
}

export interface Place {
  readonly location: string;
  readonly kind: StorageKind;
  readonly name?: string;
  /** In another place than this computer. */
  readonly offsite: boolean;
}

export const EMPTY_PLAN: GuidePlan = { folders: [], disk: null, cloud: null, passphrase: '' };

/** Brings the app to what the plan says: adds what is missing, takes away what was changed. May be called again. */
export async function carryOut(client: Client, plan: GuidePlan, passphraseSet: 'yes' | 'no'): Promise<void> {
  const destinations = await client.call('destinations.list', {});
  if (passphraseSet === 'no') await client.call('setup.setPassphrase', { passphrase: plan.passphrase });
  const wanted = [plan.disk, plan.cloud].filter((place) => place !== null);
  await removeOthers(client, destinations, wanted);
  const ready: Destination[] = [];
  for (const place of wanted) {
    const known = destinations.find(({ location }) => location === place.location);
    ready.push(
      known ??
        (await client.call('destinations.add', {
          name: place.name ?? guessName(place.location),
          location: place.location,
          kind: place.kind,
          offsite: place.offsite,
        })),
    );
  }
  await bringFolders(client, plan.folders, ready);
}

async function removeOthers(client: Client, have: readonly Destination[], wanted: readonly Place[]): Promise<void> {
  for (const destination of have) {
    if (!wanted.some(({ location }) => location === destination.location)) {
      await client.call('destinations.remove', { id: destination.id });
    }
  }
}

async function bringFolders(client: Client, paths: readonly string[], to: readonly Destination[]): Promise<void> {
  const have: readonly Folder[] = await client.call('folders.list', {});
  const destinationIds = to.map(({ id }) => id);
  for (const path of paths) {
    const known = have.find((folder) => folder.path === path);
    if (known === undefined) await client.call('folders.add', { path, name: lastName(path), destinationIds });
    else await client.call('folders.update', { id: known.id, destinationIds });
  }
  for (const folder of have) {
    if (!paths.includes(folder.path)) await client.call('folders.remove', { id: folder.id });
  }
}
