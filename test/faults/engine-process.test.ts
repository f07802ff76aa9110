import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

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
