import { isAbsolute } from 'node:path';
import type { Core } from './core.ts';
import { realPath } from './folder-paths.ts';
import type { DestinationRecord } from './records.ts';

/** The folder of this computer in which a destination lies; null when that is none. */
export function folderOf({ folder, location }: Pick<DestinationRecord, 'folder' | 'location'>): string | null {
  return folder ?? (isAbsolute(location) ? location : null);
}

/**
 * Our own state and the copies on this computer, which are neither backed up nor watched: each run changes them. Also as they
 * are called without links, as protected folders are.
 */
export async function ownPlaces(core: Pick<Core, 'stateFolder' | 'configuration'>): Promise<readonly string[]> {
  const named = namedPlaces(core);
  const real = await Promise.all(named.map(realPath));
  return [...new Set([...named, ...real])];
}

/** The same as the person named them. */
export function namedPlaces({
  stateFolder,
  configuration,
}: Pick<Core, 'stateFolder' | 'configuration'>): readonly string[] {
  return [stateFolder, ...configuration.value.destinations.map(folderOf).filter((path) => path !== null)];
}
