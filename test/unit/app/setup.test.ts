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
