import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Destination } from '../../main/api/contract/destinations.ts';
import type { Folder } from '../../main/api/contract/folders.ts';
import type { Run } from '../../main/api/contract/runs.ts';
import { type Connection, connect, waitForRun } from '../../main/cli/app/connection.ts';
import { type Serving, serve } from '../../main/headless.ts';
import { chromiumArguments, chromiumPath } from '../support/chromium.ts';
import { buildRenderer } from '../support/renderer-build.ts';
import { restic } from '../support/restic.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A disk that was in a drawer gets what it missed from the other, through the real app and real repositories. */

const PASSPHRASE = 'correct horse battery';
const PROGRAM = fileURLToPath(new URL('../../main/bin.js', import.meta.url));
let scratch: TemporaryFolder;
let serving: Serving | undefined;
let child: ChildProcess | undefined;
let app: Connection;
let browser: Browser;
let documents: string;
let blue: Destination;
let near: Destination;
let folder: Folder;
const home = () => join(scratch.path, 'home');
const place = () => join(scratch.path, 'blue', 'copies');

beforeAll(async () => {
  await buildRenderer();
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] });
}, 240_000);
afterAll(() => browser?.close());

beforeEach(async () => {
  scratch = await temporaryFolder('catch-up');
  documents = join(scratch.path, 'Documents');
  for (const name of ['Documents', 'blue', 'near']) await mkdir(join(scratch.path, name));
});
afterEach(async () => {
  await serving?.close();
  serving = undefined;
  if (child && child.exitCode === null) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  child = undefined;
  await scratch.remove();
});

async function protect(): Promise<void> {
  await app.call('setup.setPassphrase', { passphrase: PASSPHRASE });
  await app.call('setup.finish', {});
  const add = (name: string, location: string) => app.call('destinations.add', { name, location, kind: 'external' });
  blue = await add('Blue disk', place());
  near = await add('Shelf disk', join(scratch.path, 'near', 'copies'));
  folder = await app.call('folders.add', { path: documents });
  await app.call('settings.update', { paused: true });
}

async function finished(run: Run): Promise<Run> {
  return waitForRun(app, run.id, () => undefined, new AbortController().signal);
}

async function backUp(...destinations: readonly Destination[]): Promise<void> {
  const { runs } = await app.call('runs.backup', { destinationIds: destinations.map(({ id }) => id) });
  for (const run of runs) expect((await finished(run)).state).toBe('done');
}

const now = async (id: string): Promise<Destination | undefined> =>
  (await app.call('destinations.list', {})).find((one) => one.id === id);

/** One version at both, `missed` while the disk is in the drawer, and the present state at both again. */
async function missSome(missed: readonly (string | Buffer)[]): Promise<void> {
  await writeFile(join(documents, 'letter.txt'), 'the first version');
  await backUp(blue, near);
  await rename(join(scratch.path, 'blue'), join(scratch.path, 'drawer'));
  await app.call('destinations.test', { id: blue.id });
  await expect.poll(async () => (await now(blue.id))?.state).toBe('away');
  for (const content of missed) {
    await writeFile(join(documents, 'letter.txt'), content);
    await backUp(near);
  }
  await writeFile(join(documents, 'letter.txt'), 'the present version');
  await rename(join(scratch.path, 'drawer'), join(scratch.path, 'blue'));
  await app.call('destinations.test', { id: blue.id });
  await backUp(blue, near);
}

const copiesOfMoments = async () => {
  const { moments } = await app.call('history.moments', { folderId: folder.id });
  return moments.map(({ copies }) => copies.length);
};
const judge = () => restic({ repository: place(), passphrase: PASSPHRASE, scratch: join(scratch.path, 'judge') });

it('offers what was missed, copies it over when a person wants it, and restores it from there', async () => {
  serving = await serve({ home: home(), browser: 'leave' });
  app = await connect(home());
  await protect();
  await missSome(['the second version', 'the third version']);
  await expect
    .poll(async () => (await now(blue.id))?.missed, { timeout: 20_000 })
    .toEqual({ moments: 2, at: [near.id] });
  expect((await now(near.id))?.missed).toBeNull();
  expect(await copiesOfMoments()).toEqual([2, 1, 1, 2]);
  // Counted in the background after each run: the first moment and the present one.
  const before = 2;
  await expect.poll(async () => (await now(blue.id))?.snapshots, { timeout: 20_000 }).toBe(before);

  const page = await (await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB' })).newPage();
  await page.goto(serving.address);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Destinations', exact: true }).click();
  const card = page.getByRole('article', { name: 'Blue disk' });
  await card.getByText('It missed 2 moments while it was away').waitFor();
  await card.getByRole('button', { name: /^Copy them over/ }).click();
  await page.getByText('It missed 2 moments while it was away').waitFor({ state: 'detached' });
  const [run] = await app.call('runs.list', { kinds: ['catch-up'] });
  if (!run) throw new Error('no run');
  expect(await finished(run)).toMatchObject({ state: 'done', report: { findings: [] } });

  await expect.poll(copiesOfMoments, { timeout: 20_000 }).toEqual([2, 2, 2, 2]);
  const after = await now(blue.id);
  expect(after).toMatchObject({ missed: null, snapshots: before + 2 });
  await judge().check('--read-data');
  const { moments } = await app.call('history.moments', { folderId: folder.id });
  const plan = await app.call('restore.plan', {
    folderId: folder.id,
    momentId: moments[2]?.id ?? '',
    keys: [],
    from: blue.id,
    target: { kind: 'directory', path: join(scratch.path, 'back') },
    existing: 'replace',
  });
  const restored = await finished(await app.call('restore.start', { planId: plan.planId }));
  expect(restored.state).toBe('done');
  expect(await readFile(join(plan.target, 'letter.txt'), 'utf8')).toBe('the second version');

  // Its own thinning out keeps what came, and knows all of it.
  expect((await finished(await app.call('runs.prune', { destinationId: blue.id }))).state).toBe('done');
  expect((await now(blue.id))?.snapshots).toBe(before + 2);
  await judge().check('--read-data');
});

it('asks no more when the person does not want them there', async () => {
  serving = await serve({ home: home(), browser: 'leave' });
  app = await connect(home());
  await protect();
  await missSome(['the second version']);
  await expect.poll(async () => (await now(blue.id))?.missed?.moments, { timeout: 20_000 }).toBe(1);
  const env = { TRIPLICATE_PASSWORD: PASSPHRASE };
  const onCommandLine = async (...words: readonly string[]) =>
    (await execa(process.execPath, [PROGRAM, '--home', home(), ...words], { env })).stdout;
  expect(await onCommandLine('destination', 'list')).toContain('It missed 1 moment while it was away');
  await app.call('destinations.leaveMissed', { id: blue.id });
  expect((await now(blue.id))?.missed).toBeNull();
  expect(await onCommandLine('catch-up', 'Blue disk')).toContain('Nothing was missing any more.');
  expect(await copiesOfMoments()).toEqual([2, 1, 2]);
});

/** The app in a process of its own, that can be killed. */
async function startProcess(): Promise<void> {
  const env = { ...process.env, TRIPLICATE_PASSWORD: PASSPHRASE };
  child = spawn(process.execPath, [PROGRAM, '--home', home(), 'serve', '--no-open'], { env, stdio: 'pipe' });
  await once(child.stdout ?? child, 'data');
  app = await connect(home());
}

it('begins again by itself when the app was killed in the middle of it', async () => {
  await startProcess();
  await protect();
  await missSome([randomBytes(50_000_000), randomBytes(50_000_000), randomBytes(50_000_000)]);
  await expect.poll(async () => (await now(blue.id))?.missed?.moments, { timeout: 20_000 }).toBe(3);
  await app.call('settings.update', { paused: false });
  const { id } = await app.call('runs.catchUp', { destinationId: blue.id });
  await expect
    .poll(async () => (await app.call('runs.get', { id })).progress?.bytesDone ?? 0, { interval: 20, timeout: 20_000 })
    .toBeGreaterThan(0);
  child?.kill('SIGKILL');
  if (child) await once(child, 'exit');
  await startProcess();
  expect(await app.call('runs.get', { id })).toMatchObject({ state: 'cancelled' });
  const ofThis = async () => (await app.call('runs.list', { kinds: ['catch-up'] })).map(({ state }) => state);
  await expect.poll(ofThis, { timeout: 60_000 }).toEqual(['done', 'cancelled']);
  await expect.poll(copiesOfMoments, { timeout: 20_000 }).toEqual([2, 2, 2, 2, 2]);
  expect((await now(blue.id))?.missed).toBeNull();
  await judge().check('--read-data');
});

it('copies by itself where that is the setting, and does not begin anew once a person has stopped it', async () => {
  serving = await serve({ home: home(), browser: 'leave' });
  app = await connect(home());
  await protect();
  await app.call('destinations.update', { id: blue.id, catchUp: 'always' });
  await missSome([randomBytes(60_000_000), 'the third version']);
  await expect.poll(async () => (await now(blue.id))?.missed?.moments, { timeout: 20_000 }).toBe(2);
  await app.call('settings.update', { paused: false });
  const first = async () => (await app.call('runs.list', { kinds: ['catch-up'] })).at(-1);
  await expect.poll(async () => (await first())?.cause, { interval: 20, timeout: 20_000 }).toBe('reconnected');
  const run = await first();
  if (run) await app.call('runs.cancel', { id: run.id });
  await expect.poll(async () => (await first())?.state).toBe('cancelled');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(await app.call('runs.list', { kinds: ['catch-up'] })).toHaveLength(1);
  expect((await now(blue.id))?.missed?.moments).toBeGreaterThan(0);
  await judge().check();
});
