import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What a block device of Linux stands on: whole disks, by the system's names, or a file. */
export interface Base {
  readonly disks: readonly string[];
  readonly files: readonly string[];
}

const NOTHING: Base = { disks: [], files: [] };
/** Devices that stand on each other. */
const MOST_LAYERS = 8;

/** Of a partition its disk, of a volume or an encrypted device what is below it. Nothing where the system does not tell. */
export async function baseOf(device: string, system = '/sys/class/block'): Promise<Base> {
  const name = basename(await realpath(device).catch(() => device));
  return baseOfNamed(name, system, MOST_LAYERS);
}

async function baseOfNamed(name: string, system: string, layers: number): Promise<Base> {
  const found = await realpath(join(system, name)).catch(() => undefined);
  if (found === undefined || layers === 0) return NOTHING;
  const disk = (await isThere(join(found, 'partition'))) ? dirname(found) : found;
  const file = await readFile(join(disk, 'loop', 'backing_file'), 'utf8').catch(() => undefined);
  if (file !== undefined) return { disks: [], files: [file.replace(/\n$/, '')] };
  const below = await readdir(join(disk, 'slaves')).catch((): string[] => []);
  if (below.length === 0) return { disks: [basename(disk)], files: [] };
  const bases = await Promise.all(below.map((one) => baseOfNamed(one, system, layers - 1)));
  return { disks: bases.flatMap(({ disks }) => disks), files: bases.flatMap(({ files }) => files) };
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
