import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { present, restic, triplicate } from '../programs.ts';
import type { Row } from '../report.ts';
import type { Case, Settings } from './case.ts';
import { inTurn, type Work } from './rounds.ts';

const FOLDERS = 5000;
const FILES_IN_FOLDER = 200;

export const manyPaths: Case = {
  name: 'paths',
  title: 'A million files',
  about: 'A million files of some 20 bytes, each different, in 5,000 folders: what the number alone costs.',
  run,
};

async function run(settings: Settings): Promise<readonly Row[]> {
  const { scratch, scale } = settings;
  const source = join(scratch, 'source');
  for (let folder = 0; folder < FOLDERS * scale; folder++) {
    const path = join(source, `group ${folder % 50}`, `folder ${folder}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_IN_FOLDER; file++)
      writeFileSync(join(path, `file ${file}.txt`), `${folder}/${file}`);
  }
  const works: readonly Work[] = [
    {
      name: 'first backup',
      command: (program, location) => program.backup(location, source),
      weighs: 'repository',
      limits: [{ kind: 'peakMB', most: 350 }],
    },
    {
      name: 'unchanged',
      command: (program, location) => program.backup(location, source),
      limits: [
        { kind: 'ratio', to: 'restic', most: 0.2 },
        { kind: 'peakMB', most: 350 },
      ],
    },
  ];
  const programs = await present([triplicate(), restic(scratch)]);
  // Once is enough for the memory, and it takes long.
  return inTurn(programs, works, { ...settings, rounds: 1, warm: join(source, 'group 0') });
}
