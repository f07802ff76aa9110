import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newRepository, reopen } from '../../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let location: string;
beforeEach(async () => {
  scratch = await temporaryFolder('interrupted creation');
  location = join(scratch.path, 'repository');
  await newRepository(location);
  await rm(join(location, 'config'), { force: true });
});
afterEach(async () => {
  await scratch.remove();
});

it('is finished by the next one with the same passphrase', async () => {
  const { keyId } = await newRepository(location);
  const opened = await reopen(location);
  expect(opened.keyId).toBe(keyId);
  expect(await opened.store.list('keys')).toHaveLength(1);
});

it('is left alone where something was stored already: the config is lost then', async () => {
  await mkdir(join(location, 'snapshots'), { recursive: true });
  await writeFile(join(location, 'snapshots', 'a'.repeat(64)), 'a snapshot');
  await expect(newRepository(location)).rejects.toMatchObject({ code: 'repo/damaged' });
});
