import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EngineService } from '../../main/app/engine-link/engine-service.ts';
import { directoriesOf } from '../../main/app/unread.ts';
import { PASSPHRASE, quickEngine } from '../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let engine: EngineService;
beforeEach(async () => {
  scratch = await temporaryFolder('unsteady');
  engine = quickEngine();
});
afterEach(async () => {
  await engine.close();
  await scratch.remove();
});

/** Writes into the file, whose directory stays as it is, until it is stopped. */
function keepChanging(path: string): () => Promise<void> {
  let goesOn = true;
  const changing = (async () => {
    await using file = await open(path, 'r+');
    for (let n = 0; goesOn; n++) {
      await file.write(`${n} `, 0);
      await wait(1);
    }
  })();
  return async () => {
    goesOn = false;
    await changing;
  };
}

it('names a file that changed while it was read, and stores it when it is told to look there again', async () => {
  const source = join(scratch.path, 'source');
  for (const name of ['a', 'b']) await mkdir(join(source, name), { recursive: true });
  const unsteady = join(source, 'a/unsteady');
  await writeFile(unsteady, Buffer.alloc(16 * 1024 * 1024));
  const repository = { location: join(scratch.path, 'repository'), passphrase: PASSPHRASE };
  await engine.call('create', { repository, like: null });
  const run = (dirtyDirectories: readonly string[] | null) => {
    const rules = { excludes: [], excludeLargerThan: null, markers: 'ignore', scansFolder: null } as const;
    return engine.call('backup', { repositories: [repository], path: source, dirtyDirectories, ...rules });
  };
  expect(await run(null)).toMatchObject({ unread: [], moreUnread: 0 });
  const stop = keepChanging(unsteady);
  const first = await run([join(source, 'a')]);
  await stop();
  expect(first).toMatchObject({ scan: 'changes', unread: [unsteady], leftOut: [{ reason: 'unsteady' }] });
  // Where nobody says so, nothing is seen of it.
  expect(await run([join(source, 'b')])).toMatchObject({ filesChanged: 0, unread: [] });
  const again = await run([...directoriesOf(first.unread)]);
  expect(again).toMatchObject({ scan: 'changes', filesChanged: 1, unread: [] });
});
