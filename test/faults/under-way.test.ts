import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createApp } from '../../main/app/compose.ts';
import type { Engine } from '../../main/app/engine-link/calls.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const HOUR = 3_600_000;

it('a copy that a run is bringing up to date counts as behind until that is done, however long it takes', async () => {
  const scratch = await temporaryFolder('under-way');
  const documents = join(scratch.path, 'Documents');
  await mkdir(documents);
  await writeFile(join(documents, 'letter'), 'dear');
  let ahead = 0;
  let begun = Promise.withResolvers<void>();
  let may = Promise.withResolvers<void>();
  const engine = quickEngine();
  const slow: Engine = {
    call: async (name, input, options) => {
      if (name === 'backup') {
        begun.resolve();
        await may.promise;
      }
      return engine.call(name, input, options);
    },
    close: () => engine.close(),
  };
  const app = await createApp(barePorts({ clock: { now: () => Date.now() + ahead } }), {
    home: join(scratch.path, 'home'),
    life: 'once',
    engine: slow,
  });
  const state = () => app.folders.list()[0]?.copies[0]?.state;
  try {
    await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'copies') });
    await app.folders.add({ path: documents });
    may.resolve();
    const [first] = await app.work.backUpNow({});
    await app.runs.ended(first?.id ?? '');
    expect(state()).toBe('good');

    [begun, may] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const [second] = await app.work.backUpNow({});
    await begun.promise;
    expect(state()).toBe('good');
    ahead = HOUR;
    expect(state()).toBe('behind');
    may.resolve();
    await app.runs.ended(second?.id ?? '');
    expect(state()).toBe('good');
  } finally {
    may.resolve();
    await app.close();
    await scratch.remove();
  }
});
