import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Serving, serve } from '../../main/headless.ts';
import { chromiumArguments, chromiumPath } from '../support/chromium.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { buildRenderer } from '../support/renderer-build.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** The main job as a person does it: real Chromium, the real browser host, real folders, a disk and an rclone remote. */

const PASSPHRASE = 'harbour violet ladder nine';
const before = { home: process.env.HOME, config: process.env.RCLONE_CONFIG };
let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let serving: Serving;
let browser: Browser;
let page: Page;
let documents: string;
let disk: string;

beforeAll(async () => {
  await buildRenderer();
  scratch = await temporaryFolder('browser-main-job');
  const home = join(scratch.path, 'ada');
  documents = join(home, 'Documents');
  disk = join(home, 'Blue disk');
  await mkdir(join(documents, 'Letters'), { recursive: true });
  await writeFile(join(documents, 'Letters', 'to-grandmother.txt'), 'Dear grandmother,\nthe roses are in bloom.\n');
  await writeFile(join(documents, 'notes.txt'), 'notes');
  remotes = await startRcloneRemotes(scratch.path, ['dav']);
  process.env.HOME = home;
  process.env.RCLONE_CONFIG = remotes.configFile;
  serving = await serve({ home: join(scratch.path, 'state'), browser: 'leave' });
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] });
  const context = await browser.newContext({ reducedMotion: 'reduce', locale: 'en-GB', acceptDownloads: true });
  page = await context.newPage();
  await page.setViewportSize({ width: 1280, height: 800 });
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await serving?.close();
  await remotes?.close();
  process.env.HOME = before.home;
  if (before.config === undefined) delete process.env.RCLONE_CONFIG;
  else process.env.RCLONE_CONFIG = before.config;
  await scratch?.remove();
});

const press = (name: string | RegExp) => page.getByRole('button', { name }).first().click();
const go = (name: string) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
const card = () => page.getByRole('article', { name: 'Documents' });
const threeCopies = () => card().getByText('3 copies', { exact: true }).waitFor({ timeout: 60_000 });

/**
 * Backs up by hand and waits until one more moment can be gone back to, and no run goes on: a remote reads in a run of its
 * own, and would miss this moment if the next change came before it.
 */
async function backUpToMoment(count: number): Promise<void> {
  await go('Home');
  await press('Back up now');
  await go('History');
  const moments = page.getByRole('navigation', { name: 'Moments' }).getByRole('button');
  await expect.poll(() => moments.count(), { timeout: 60_000 }).toBeGreaterThanOrEqual(count);
  await expect.poll(unfinishedRuns, { timeout: 60_000 }).toBe(0);
}

const unfinishedRuns = () =>
  page.evaluate(async () => {
    const body = JSON.stringify({ limit: 10, states: ['queued', 'running'] });
    const answer = await fetch('/api/runs.list', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return ((await answer.json()) as { value: unknown[] }).value.length;
  });

test('the guide leads from the first word to three copies', async () => {
  await page.goto(serving.address);
  await press('Let’s begin');
  await page.getByRole('checkbox', { name: /Documents/, checked: true }).waitFor();
  await press('Continue');
  await page.getByRole('heading', { name: 'A disk nearby' }).waitFor();
  await press('Another folder…');
  await press('New folder');
  await page.getByLabel('Name of the new folder').fill('Blue disk');
  await page.keyboard.press('Enter');
  await press('Choose “Blue disk”');
  await press('Continue');
  await page.getByRole('heading', { name: 'A place far away' }).waitFor();
  await page.getByRole('radio', { name: /^dav/ }).click();
  await press('Continue');
  await page.getByLabel('Passphrase', { exact: true }).fill(PASSPHRASE);
  await page.getByLabel('The same once more').fill(PASSPHRASE);
  await press('Continue');
  await page.getByRole('heading', { name: 'Your recovery page' }).waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), press('Save as a file')]);
  expect(await readFile(await download.path(), 'utf8')).toContain(PASSPHRASE);
  await page.getByLabel('Passphrase from the page').fill(PASSPHRASE);
  await page.keyboard.press('Enter');
  await page.getByText('That is it. The page works.').waitFor();
  await press('Continue');
  await page.getByRole('heading', { name: 'Your first copies are made' }).waitFor({ timeout: 60_000 });
  await press('Open Triplicate');
  await threeCopies();
});

test('a file that was changed, renamed and deleted is found and restored from the copy far away', async () => {
  const letter = join(documents, 'Letters', 'to-grandmother.txt');
  const last = 'Dear grandmother,\nthe cat sends her regards.\n';
  await writeFile(letter, last);
  await rename(join(documents, 'notes.txt'), join(documents, 'renamed.txt'));
  await backUpToMoment(2);
  await rm(letter);
  await backUpToMoment(3);
  await press('Deleted files');
  await page.getByRole('button', { name: /to-grandmother/ }).waitFor();
  await go('Home');
  await threeCopies();

  await page.keyboard.press('/');
  await page.keyboard.type('grandmother');
  await page.getByText(/^Deleted today/).waitFor();
  await press(/to-grandmother/);
  await page.getByText('the cat sends her regards').waitFor();
  await page.getByRole('heading', { name: '2 versions' }).waitFor();
  await press('Restore this version…');
  await page.getByRole('combobox', { name: 'From which copy' }).click();
  await page.getByRole('option').last().click();
  await press('Show the plan');
  await page.getByText(/^1 file, .* from dav$/i).waitFor();
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.getByText('It is back').waitFor({ timeout: 60_000 });
  expect(await readFile(letter, 'utf8')).toBe(last);
  await press('Done');
});

test('a disk that is taken away is missed, and counts again when it is back', async () => {
  await go('Home');
  await rename(disk, `${disk} (in a drawer)`);
  await go('Destinations');
  await press('Test Blue disk');
  await page.getByRole('article', { name: 'Blue disk' }).getByText('Away', { exact: true }).waitFor();
  await go('Home');
  await card().getByText('2 of 3 copies').waitFor();
  await rename(`${disk} (in a drawer)`, disk);
  await card().getByRole('button', { name: 'I have connected it' }).click();
  await threeCopies();
});
