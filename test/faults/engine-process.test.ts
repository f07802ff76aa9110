import { fork, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
const ENTRY = fileURLToPath(new URL('../../main/app/engine-link/engine-process.ts', import.meta.url));

it('ends without a word when its app has gone before the answers could be sent', async () => {
  const engine = fork(ENTRY, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const words = text(engine.stderr as NodeJS.ReadableStream);
  const ended = once(engine, 'exit');
  // Refused at once: the answers come while the channel is being closed.
  for (let id = 1; id <= 500; id++) engine.send({ kind: 'call', id, name: 'browse', input: {} });
  engine.disconnect();
  expect(await ended).toEqual([0, null]);
  expect(await words).toBe('');
});

it('goes on when a file would be larger than the system lets it write', async ({ skip }) => {
  if (process.platform === 'win32') return skip('Windows has no such limit');
  const scratch = await temporaryFolder('file-size');
  try {
    const documents = join(scratch.path, 'Documents');
    await mkdir(documents);
    await writeFile(join(documents, 'film'), randomBytes(3_000_000));
    const env = { PATH: process.env.PATH, HOME: scratch.path, TRIPLICATE_PASSWORD: 'four words that nobody knows' };
    const triplicate = (limit: string, ...args: readonly string[]) =>
      spawnSync('sh', ['-c', `${limit} exec "$0" "$@"`, process.execPath, PROGRAM, ...args], { env, encoding: 'utf8' });
    expect(triplicate('', 'folder', 'add', documents).status).toBe(0);
    expect(triplicate('', 'destination', 'add', 'Disk', join(scratch.path, 'copies')).status).toBe(0);
    const refused = triplicate('ulimit -f 2000;', 'backup');
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining('files of this size are not allowed') });
    expect(triplicate('', 'backup').status).toBe(0);
  } finally {
    await scratch.remove();
  }
});
