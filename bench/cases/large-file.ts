import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { noise } from '../data.ts';
import { borg, present, restic, triplicate } from '../programs.ts';
import type { Row } from '../report.ts';
import type { Case, Settings } from './case.ts';
import { inTurn, type Work } from './rounds.ts';

const PART_BYTES = 16 * 1024 * 1024;
const PARTS = 256;
const CHANGES = 200;

export const largeFile: Case = {
  name: 'large',
  title: 'One large file',
  about: 'A file of 4 GiB that does not compress, then 200 changes of 4 kB all over it, as in a disk image.',
  run,
};

async function run(settings: Settings): Promise<readonly Row[]> {
  const { scratch, scale } = settings;
  const folder = join(scratch, 'source');
  const { mkdirSync } = await import('node:fs');
  mkdirSync(folder);
  const path = join(folder, 'disk.img');
  const parts = Math.ceil(PARTS * scale);
  const make = openSync(path, 'w');
  for (let part = 0; part < parts; part++) writeSync(make, noise(part, PART_BYTES));
  closeSync(make);
  let version = 0;
  let asked = 0;
  const programs = await present([triplicate(), restic(scratch), borg(scratch)]);
  /** Once for all programs, so that each backs up the same change. */
  const change = (): void => {
    if (asked++ % programs.length > 0) return;
    version++;
    const file = openSync(path, 'r+');
    for (let n = 0; n < CHANGES; n++) {
      const at = ((n * 7919 + version * 104_729) % (parts * 4096)) * 4096;
      writeSync(file, noise(version * 1000 + n, 4096), 0, 4096, at);
    }
    closeSync(file);
  };
  const target = join(scratch, 'restored');
  const works: readonly Work[] = [
    { name: 'first backup', command: (program, location) => program.backup(location, folder), weighs: 'repository' },
    {
      name: 'after 200 changes',
      command: (program, location) => program.backup(location, folder),
      prepare: change,
      weighs: 'repository',
    },
    {
      name: 'restore',
      command: (program, location) => program.restore(location, target),
      prepare: () => rmSync(target, { recursive: true, force: true }),
    },
  ];
  return inTurn(programs, works, { ...settings, warm: folder });
}
