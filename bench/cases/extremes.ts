import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from '../measure.ts';
import { type Program, present, restic, triplicate } from '../programs.ts';
import type { Limit, Row } from '../report.ts';
import type { Case, Settings } from './case.ts';
import { inTurn, type Work } from './rounds.ts';

const FILES_IN_FOLDER = 300_000;
const SPARSE_GIB = 50;
const BLOBS = 5_000_000;
/** What a program takes beside the index: as much as for a small folder. */
const BESIDE_INDEX_MB = 100;
const BYTES_A_BLOB = 100;

export const extremes: Case = {
  name: 'extremes',
  title: 'Large in one way',
  about:
    '300,000 files in one folder; a file of 50 GiB that is one hole; a small folder into a repository whose index names five million blobs. What counts is the memory.',
  run,
};

const engineMemory: Limit = { kind: 'peakMB', most: 350 };

async function run(settings: Settings): Promise<readonly Row[]> {
  const { scratch, scale } = settings;
  const little = folderIn(scratch, 'little');
  writeFileSync(join(little, 'file.txt'), 'a few words');
  const programs = await present([triplicate(), restic(scratch)]);
  // Once is enough for the memory, and it takes long.
  const place = { ...settings, rounds: 1, warm: little };

  const wide = folderIn(scratch, 'wide');
  for (let file = 0; file < FILES_IN_FOLDER * scale; file++) writeFileSync(join(wide, `file ${file}.txt`), `${file}`);
  const ofOneFolder: readonly Work[] = [
    backupOf('first backup, 300,000 files in one folder', wide),
    backupOf('unchanged, 300,000 files in one folder', wide),
    {
      name: 'restore, 300,000 files in one folder',
      command: (program, location) => program.restore(location, join(scratch, `restored by ${program.name}`)),
      limits: [engineMemory],
    },
  ];

  const hollow = folderIn(scratch, 'hollow');
  writeFileSync(join(hollow, 'disk.img'), '');
  truncateSync(join(hollow, 'disk.img'), Math.round(SPARSE_GIB * scale * 2 ** 30));

  const blobs = BLOBS * scale;
  const most = BESIDE_INDEX_MB + (blobs * BYTES_A_BLOB) / 1e6;
  const intoFullRepository: Work = {
    name: 'a small folder, five million blobs in the index',
    command: (program, location) => program.backup(location, little),
    limits: [{ kind: 'peakMB', most }],
  };
  return [
    ...(await inTurn(programs, ofOneFolder, place)),
    ...(await inTurn(programs, [backupOf('first backup, 50 GiB of nothing', hollow)], place)),
    ...(await inTurn(
      programs.map((one) => filled(one, blobs)),
      [intoFullRepository],
      place,
    )),
  ];
}

function backupOf(name: string, folder: string): Work {
  return { name, command: (program, location) => program.backup(location, folder), limits: [engineMemory] };
}

/** The program with repositories whose index names so many blobs. */
function filled(program: Program, blobs: number): Program {
  const script = fileURLToPath(new URL('../fill-index.ts', import.meta.url));
  const init = (location: string): Command => {
    const command = program.init(location);
    const then =
      'script=$1; location=$2; blobs=$3; node=$4; shift 4; "$@" && exec "$node" "$script" "$location" "$blobs"';
    return {
      ...command,
      argv: ['sh', '-c', then, 'sh', script, location, `${blobs}`, process.execPath, ...command.argv],
    };
  };
  return { ...program, init };
}

function folderIn(scratch: string, name: string): string {
  const path = join(scratch, name);
  mkdirSync(path);
  return path;
}
