import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFileKeyStore } from '../../../main/app/file-key-store.ts';
import { Secrets } from '../../../main/app/secrets.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let home: TemporaryFolder;
beforeEach(async () => {
  home = await temporaryFolder('secrets');
});
afterEach(() => home.remove());

async function start(environment: NodeJS.ProcessEnv): Promise<Secrets> {
  const secrets = new Secrets(createFileKeyStore(home.path, environment));
  await secrets.load();
  return secrets;
}

it('passphrases of adopted repositories stay where the main one is given at each start', async () => {
  const folder = join(home.path, 'credentials');
  await mkdir(folder);
  await writeFile(join(folder, 'triplicate-passphrase'), 'the main one\n');
  for (const environment of [{ TRIPLICATE_PASSPHRASE: 'the main one' }, { CREDENTIALS_DIRECTORY: folder }]) {
    await (await start(environment)).setOwn('attic', 'its own');
    const again = await start(environment);
    expect([again.main(), again.of('attic'), again.of('disk')]).toEqual(['the main one', 'its own', 'the main one']);
    await again.setOwn('shed', 'another');
    expect((await start(environment)).of('attic')).toBe('its own');
  }
});

it('the one that is given goes before the one that is kept', async () => {
  await (await start({})).setMain('an old one');
  expect((await start({})).main()).toBe('an old one');
  expect((await start({ TRIPLICATE_PASSPHRASE: 'a new one' })).main()).toBe('a new one');
});
