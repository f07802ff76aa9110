import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { DestinationId } from '../../main/api/contract/values.ts';
import { createApp } from '../../main/app/compose.ts';
import type { CallOutput, Engine, EngineCallName } from '../../main/app/engine-link/calls.ts';
import { barePorts } from '../support/bare-ports.ts';
import { quickEngine } from '../support/engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

it('a destination that is removed as a run ends takes nothing from the other ones of the run', async () => {
  const scratch = await temporaryFolder('removed');
  const service = quickEngine();
  let atEnd: () => Promise<void> = async () => undefined;
  const engine: Engine = {
    call: async <Name extends EngineCallName>(...[name, input]: Parameters<typeof service.call<Name>>) => {
      // Too late for cancelling: the versions are there already.
      const done = await service.call(name, input);
      if (name === 'backup') await atEnd();
      return done as CallOutput<Name>;
    },
    close: () => service.close(),
  };
  const app = await createApp(barePorts(), { home: join(scratch.path, 'home'), life: 'once', engine });
  try {
    const documents = join(scratch.path, 'Documents');
    await mkdir(documents);
    await writeFile(join(documents, 'letter'), 'dear');
    const ids: DestinationId[] = [];
    for (const name of ['Disk', 'Other'])
      ids.push((await app.destinations.add({ name, location: join(scratch.path, name) })).id);
    await app.folders.add({ path: documents });
    atEnd = () => app.destinations.remove(ids[1] ?? '');
    const [run] = await app.work.backUpNow({});
    const ended = await app.runs.ended(run?.id ?? '');
    expect(ended.error).toBeNull();
    expect(app.folders.list()[0]?.copies).toMatchObject([{ destinationId: ids[0], state: 'good' }]);
  } finally {
    await app.close();
    await scratch.remove();
  }
});
