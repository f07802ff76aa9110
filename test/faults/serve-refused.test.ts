import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { claimStateFolder } from '../../main/app/single-instance.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));

it('an app that cannot be served does not go on unseen beside the next one', async () => {
  const scratch = await temporaryFolder('refused');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const env = { PATH: process.env.PATH, HOME: scratch.path };
  const args = [PROGRAM, '--home', scratch.path, 'serve', '--no-open', '--port', `${port}`];
  const program = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const words = text(program.stderr);
    const [status] = await once(program, 'exit', { signal: AbortSignal.timeout(30_000) });
    expect({ status, words: await words }).toEqual({ status: 2, words: expect.stringContaining(`Port ${port}`) });
    await (await claimStateFolder(scratch.path)).release();
  } finally {
    program.kill('SIGKILL');
    other.close();
    await scratch.remove();
  }
});
