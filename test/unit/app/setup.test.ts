import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type App, createApp } from '../../../main/app/compose.ts';
import { barePorts } from '../../support/bare-ports.ts';
import { newRepository, PASSPHRASE, quickEngine } from '../../support/engine.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let app: App;
beforeEach(async () => {
  scratch = await temporaryFolder('setup');
  app = await createApp(barePorts(), { home: join(scratch.path, 'home'), life: 'once', engine: quickEngine() });
});
afterEach(async () => {
  await app.close();
  await scratch.remove();
});

const kit = async () => {
  const { recoveryKitSavedAt, recoveryKitTriedAt } = (await app.system.info()).setup;
  return [recoveryKitSavedAt !== null, recoveryKitTriedAt !== null];
};

it('a recovery page with another passphrase on it counts neither as saved nor as tried', async () => {
  await app.setup.setPassphrase('the first passphrase');
  await app.setup.recoveryKitSaved();
  expect(await app.setup.tryRecoveryKit('the first passphrase')).toBe(true);
  expect(await kit()).toEqual([true, true]);
  await app.setup.setPassphrase('another passphrase');
  expect(await kit()).toEqual([false, false]);
});

it('after the key store has lost them, each passphrase is taken where it opens something, and only there', async () => {
  const store = { ...barePorts().keyStore, load: async (): Promise<string | null> => null };
  const lost = () =>
    createApp(barePorts({ keyStore: store }), {
      home: join(scratch.path, 'home'),
      life: 'once',
      engine: quickEngine(),
    });
  await app.setup.setPassphrase('the main passphrase');
  await app.destinations.add({ name: 'Disk', location: join(scratch.path, 'disk') });
  await newRepository(join(scratch.path, 'attic'));
  const place = { name: 'Attic', location: join(scratch.path, 'attic'), passphrase: PASSPHRASE };
  const { id } = await app.destinations.add(place);
  await app.close();
  app = await lost();
  await expect(app.setup.unlock(PASSPHRASE)).rejects.toMatchObject({ code: 'repo/wrong-passphrase' });
  await app.setup.unlock('the main passphrase');
  await app.destinations.test({ id });
  const attic = () => app.destinations.list().find(({ name }) => name === 'Attic');
  expect(attic()).toMatchObject({ state: 'blocked', problem: { code: 'repo/wrong-passphrase' } });
  await expect(app.destinations.update({ id, passphrase: 'a guess' })).rejects.toMatchObject({
    code: 'repo/wrong-passphrase',
  });
  expect(await app.destinations.update({ id, passphrase: PASSPHRASE })).toMatchObject({ state: 'ready' });
  const { text } = await app.setup.recoveryKit();
  expect(text).toContain('Passphrase: the main passphrase');
  expect(text).toContain(`its own passphrase: ${PASSPHRASE}`);
});

it('what two windows add at the same moment is there once', async () => {
  const documents = join(scratch.path, 'Documents');
  const location = join(scratch.path, 'attic');
  await mkdir(documents);
  await newRepository(location);
  const twice = async (add: () => Promise<unknown>) =>
    (await Promise.allSettled([add(), add()])).map(({ status }) => status).toSorted();
  const place = { name: 'Attic', location, passphrase: PASSPHRASE };
  expect(await twice(() => app.destinations.add(place))).toEqual(['fulfilled', 'rejected']);
  expect(await twice(() => app.folders.add({ path: documents }))).toEqual(['fulfilled', 'rejected']);
  expect([app.destinations.list(), app.folders.list()].map(({ length }) => length)).toEqual([1, 1]);
});
