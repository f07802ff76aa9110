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
  /**
   * Folders and locations that were ever in the plan. Only these does the guide take away again: what the command line or
   * another window has set up was never its own.
   */
  readonly seen: readonly string[];
}

export interface Place {
  readonly location: string;
  readonly kind: StorageKind;
  readonly name?: string;
  /** In another place than this computer. */
  readonly offsite: boolean;
}

export const EMPTY_PLAN: GuidePlan = { folders: [], disk: null, cloud: null, passphrase: '', seen: [] };

/**
 * Brings the app to what the plan says: adds what is missing, takes away what was changed. Gives the plan in the app's own
 * words (a path without links, a location without blanks), with which it may be called again.
 */
export async function carryOut(client: Client, plan: GuidePlan, passphraseSet: 'yes' | 'no'): Promise<GuidePlan> {
  const destinations = await client.call('destinations.list', {});
  if (passphraseSet === 'no') await client.call('setup.setPassphrase', { passphrase: plan.passphrase });
  const wanted = [plan.disk, plan.cloud].filter((place) => place !== null);
  await removeOthers(client, destinations, wanted, plan.seen);
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
  const folders = await bringFolders(client, plan, ready);
  const asKept = (place: Place | null): Place | null =>
    place && { ...place, location: ready[wanted.indexOf(place)]?.location ?? place.location };
  return withSeen({ ...plan, folders, disk: asKept(plan.disk), cloud: asKept(plan.cloud) });
}

/** The plan, with what is in it now among what it has seen. */
export function withSeen(plan: GuidePlan): GuidePlan {
  const locations = [plan.disk, plan.cloud].flatMap((place) => place?.location ?? []);
  return { ...plan, seen: [...new Set([...plan.seen, ...plan.folders, ...locations])] };
}

async function removeOthers(
  client: Client,
  have: readonly Destination[],
  wanted: readonly Place[],
  seen: readonly string[],
): Promise<void> {
  for (const { id, location } of have) {
    if (seen.includes(location) && !wanted.some((place) => place.location === location))
      await client.call('destinations.remove', { id });
  }
}

async function bringFolders(client: Client, plan: GuidePlan, to: readonly Destination[]): Promise<string[]> {
  const have: readonly Folder[] = await client.call('folders.list', {});
  const destinationIds = to.map(({ id }) => id);
  const paths: string[] = [];
  for (const path of plan.folders) {
    const known = have.find((folder) => folder.path === path);
    if (known === undefined) {
      paths.push((await client.call('folders.add', { path, name: lastName(path), destinationIds })).path);
    } else {
      paths.push(path);
      const both = [...new Set([...known.destinationIds, ...destinationIds])];
      await client.call('folders.update', { id: known.id, destinationIds: both });
    }
  }
  for (const { id, path } of have) {
    if (plan.seen.includes(path) && !plan.folders.includes(path)) await client.call('folders.remove', { id });
  }
  return paths;
}
