import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Envelope, EventName, Input, MethodName, Output } from '../../main/api/contract/contract.ts';
import { findElectronBinary, missingDisplay } from '../../scripts/electron-binary.ts';
import { launchElectronDouble } from '../support/electron-double/launch.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/**
 * The whole app as it is shipped: the bundles of `out/`, its engine and watcher in their own processes, the interface. Once
 * on the double of Electron, once on Electron itself where its program and a display are found.
 */

const root = new URL('../..', import.meta.url).pathname;
const electron = findElectronBinary(root);
const obstacle = 'missing' in electron ? electron.missing : missingDisplay();

interface Host {
  readonly page: Page;
  answerFolder(path: string): Promise<void>;
  close(): Promise<void>;
}

declare const triplicate: {
  call(method: string, input: unknown): Promise<Envelope<unknown>>;
  on(event: EventName, listener: (payload: unknown) => void): () => void;
};

let scratch: TemporaryFolder | undefined;
let host: Host | undefined;

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.ts', '--if-stale'], { cwd: root, stdio: 'pipe' });
});

afterEach(async () => {
  await host?.close();
  await scratch?.remove();
  host = undefined;
  scratch = undefined;
});

async function openOnDouble(state: string): Promise<Host> {
  const double = await launchElectronDouble({
    main: join(root, 'out/main/index.js'),
    appPath: root,
    stateFolder: state,
    env: { TRIPLICATE_HOME: join(state, 'home') },
  });
  return {
    page: await double.page(),
    answerFolder: async (path) => double.command({ kind: 'answer-folder', path }),
    close: async () => {
      double.command({ kind: 'quit' });
      double.command({ kind: 'answer-question', button: 1 });
      await Promise.race([double.exited, new Promise((resolve) => setTimeout(resolve, 10_000))]);
      await double.close();
    },
  };
}

async function openInElectron(state: string): Promise<Host> {
  if ('missing' in electron) throw new Error(electron.missing);
  const app = await _electron.launch({
    executablePath: electron.path,
    args: [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...(process.env as Record<string, string>), TRIPLICATE_HOME: join(state, 'home') },
  });
  return {
    page: await app.firstWindow(),
    answerFolder: (path) =>
      app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] });
      }, path),
    close: () => app.close(),
  };
}

/** Calls the contract from the page; an error envelope fails the test with its words. */
async function call<Name extends MethodName>(page: Page, method: Name, input: Input<Name>): Promise<Output<Name>> {
  const answer = await page.evaluate(([name, value]) => triplicate.call(name, value), [method, input] as const);
  if (!answer.ok) throw new Error(`${method}: ${answer.error.code} ${answer.error.message}`);
  return answer.value as Output<Name>;
}

async function protectAndRestore(open: (state: string) => Promise<Host>): Promise<void> {
  scratch = await temporaryFolder('electron-app');
  const folder = join(scratch.path, 'Documents');
  const disk = join(scratch.path, 'disk');
  const target = join(scratch.path, 'restored');
  for (const path of [folder, disk, target]) await mkdir(path);
  await writeFile(join(folder, 'letter.txt'), 'first words');
  host = await open(scratch.path);
  const { page } = host;

  const info = await call(page, 'system.info', {});
  expect(info).toMatchObject({ host: 'window', nativeDialogs: true });
  await host.answerFolder(folder);
  expect(await call(page, 'system.chooseFolder', { title: 'Which folder?' })).toEqual({ path: folder });

  await call(page, 'setup.setPassphrase', { passphrase: 'a passphrase of the test' });
  const destination = await call(page, 'destinations.add', {
    name: 'Disk',
    location: disk,
    kind: 'external',
    offsite: false,
  });
  const added = await call(page, 'folders.add', { path: folder, destinationIds: [destination.id] });
  await call(page, 'runs.backup', { folderIds: [added.id] });
  await expect
    .poll(async () => (await call(page, 'folders.list', {}))[0]?.copies[0]?.state, { timeout: 40_000, interval: 300 })
    .toBe('good');
  expect(await readFile(join(disk, 'config'))).toBeInstanceOf(Buffer);

  const refused = await page.evaluate(() => triplicate.call('no.such.method', {}));
  expect(refused).toMatchObject({ ok: false, error: { code: 'usage' } });
  await expect.poll(() => page.title()).toContain('Triplicate');
}

describe('the Electron host', () => {
  test('protects a folder: on the double, in real Chromium', () => protectAndRestore(openOnDouble));

  test('protects a folder: in Electron itself', async (context) => {
    if (obstacle !== undefined) context.skip(obstacle);
    await protectAndRestore(openInElectron);
  });
});
