import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { smallFiles } from '../data.ts';
import { type Program, present, restic, triplicate } from '../programs.ts';
import type { Row } from '../report.ts';
import type { Case, Settings } from './case.ts';
import { inTurn, type Work } from './rounds.ts';

export const remote: Case = {
  name: 'remote',
  title: 'A remote',
  about:
    '20,000 small files to a WebDAV server on this machine (`rclone serve webdav`); restic goes through rclone too.',
  run,
};

/** Copies file by file: what a person without a backup program would do. */
const rcloneCopy: Program = {
  name: 'rclone',
  init: () => ({ argv: ['true'] }),
  backup: (location, source) => ({ argv: ['rclone', 'copy', source, location] }),
  restore: (location, target) => ({ argv: ['rclone', 'copy', location, target] }),
};

async function run(settings: Settings): Promise<readonly Row[]> {
  const { scratch, scale } = settings;
  const source = join(scratch, 'source');
  smallFiles.make(source, scale / 10);
  // rclone takes ten minutes for all of them, file by file.
  const tenth = join(scratch, 'tenth');
  smallFiles.make(tenth, scale / 100);
  const served = join(scratch, 'served');
  mkdirSync(served);
  const port = await freePort();
  const server = spawn('rclone', ['serve', 'webdav', served, '--addr', `127.0.0.1:${port}`, '--dir-cache-time', '0s'], {
    stdio: 'ignore',
  });
  Object.assign(process.env, {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 'webdav',
    RCLONE_CONFIG_BENCH_URL: `http://127.0.0.1:${port}`,
    RCLONE_CONFIG_BENCH_VENDOR: 'other',
  });
  try {
    await wait(1500);
    const works: readonly Work[] = [
      {
        name: 'first backup',
        command: (program, location) => program.backup(location, source),
        limits: [{ kind: 'ratio', to: 'restic', most: 0.6 }],
      },
      { name: 'unchanged', command: (program, location) => program.backup(location, source) },
    ];
    const copied: Work = {
      name: 'first backup of 2,000 files',
      command: (program, location) => program.backup(location, tenth),
      limits: [{ kind: 'ratio', to: 'rclone', most: 0.05 }],
    };
    const programs = await present([triplicate(), restic(scratch)]);
    const all = [...programs, ...(await present([rcloneCopy]))];
    const locate = (folder: string, { name }: Program): string => {
      const path = folder.slice(served.length + 1);
      return name === 'rclone' ? `bench:${path}` : `rclone:bench:${path}`;
    };
    const location = { folder: served, locate };
    return [
      ...(await inTurn(programs, works, { ...settings, warm: source, location })),
      ...(await inTurn(all, [copied], { ...settings, rounds: 1, warm: tenth, location })),
    ];
  } finally {
    server.kill();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
