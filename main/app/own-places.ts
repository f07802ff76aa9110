import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from './core.ts';
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

/** A mount of a server that is away may never say where a link leads. */
const LINKS_MS = 2000;

/** The path without links, as far as it is there, and as it is given when that is not told soon. */
export async function realPath(path: string): Promise<string> {
  const late = new AbortController();
  const given = delay(LINKS_MS, path, { signal: late.signal }).catch(() => path);
  try {
    return await Promise.race([withoutLinks(path), given]);
  } finally {
    late.abort();
  }
}

async function withoutLinks(path: string): Promise<string> {
  for (let here = path; ; here = dirname(here)) {
    const real = await realpath(here).catch(() => undefined);
    if (real !== undefined) return join(real, relative(here, path));
    if (dirname(here) === here) return path;
  }
}
