import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../main/app/compose.ts';
import type { Engine } from '../../main/app/engine-link/calls.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** An engine that never answers a backup, not even that it was cancelled, as where a share hangs; when it is ended, all calls fail. */
function stuckEngine(): Engine {
  const service = quickEngine();
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  return {
    call: (name, input, options) => (name === 'backup' ? ended.promise : service.call(name, input, options)),
    close: async () => {
      ended.reject(new TriplicateError('cancelled', 'Cancelled.'));
      await service.close();
    },
  };
}

it('the app ends when it is told to, also while its engine does not answer, and nothing stays under way', async () => {
  const scratch = await temporaryFolder('stuck');
  try {
    const documents = join(scratch.path, 'Documents');
    await mkdir(documents);
    const home = join(scratch.path, 'home');
    const app = await createApp(barePorts(), { home, life: 'once', engine: stuckEngine() });
    await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
    await app.folders.add({ path: documents });
    const [run] = await app.work.backUpNow({});
    await app.close();
    expect(app.runs.get(run?.id ?? '').state).toBe('cancelled');
    expect(await readFile(join(home, 'ledger.json'), 'utf8')).not.toContain('"running"');
  } finally {
    await scratch.remove();
  }
});
