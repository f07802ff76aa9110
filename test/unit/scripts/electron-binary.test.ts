import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findElectronBinary, missingDisplay } from '../../../scripts/electron-binary.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

let root: TemporaryFolder;
beforeEach(async () => {
  root = await temporaryFolder('electron-binary');
});
afterEach(() => root.remove());

async function place(path: string): Promise<void> {
  await mkdir(join(root.path, path, '..'), { recursive: true });
  await writeFile(join(root.path, path), '');
}

test.runIf(process.platform === 'linux')('finds a program that is really there', async () => {
  expect(findElectronBinary(root.path, {})).toHaveProperty('missing');
  await place('node_modules/electron/dist/electron');
  expect(findElectronBinary(root.path, {})).toHaveProperty('missing'); // a download that broke off has no version file
  await place('node_modules/electron/dist/version');
  expect(findElectronBinary(root.path, {})).toEqual({ path: join(root.path, 'node_modules/electron/dist/electron') });
});

test.runIf(process.platform === 'linux')('honours a folder that the environment names', async () => {
  const env = { ELECTRON_OVERRIDE_DIST_PATH: join(root.path, 'own') };
  expect(findElectronBinary(root.path, env)).toHaveProperty('missing');
  await place('own/electron');
  expect(findElectronBinary(root.path, env)).toEqual({ path: join(root.path, 'own/electron') });
});

test.runIf(process.platform === 'linux')('says why no window can be opened', () => {
  expect(missingDisplay({})).toContain('no display');
  expect(missingDisplay({ DISPLAY: ':0' })).toBeUndefined();
  expect(missingDisplay({ WAYLAND_DISPLAY: 'wayland-0' })).toBeUndefined();
});
