import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { type Connection, connect, waitForRun } from '../../main/cli/app/connection.ts';
import { startDemoCloud } from '../../main/cli/demo-cloud.ts';
import { serve } from '../../main/headless.ts';
import { chromiumArguments, chromiumPath } from './chromium.ts';
import { restic } from './restic.ts';
import { temporaryFolder } from './temporary-folder.ts';

/**
 * The pictures of README.md, from real folders, copies and processes: `node test/support/readme-pictures.ts` after
 * `npm run build`. Stock restic writes the past, since it can say that a snapshot is of another day; Triplicate takes the
 * repository over, as it does with any other.
 */

const ASSETS = fileURLToPath(new URL('../../assets', import.meta.url));
const PASSPHRASE = 'harbour violet ladder nine';
const HOUR = 3_600_000;
/** Hours ago at which Documents was saved: dense lately, sparse further back, as the keeping rules leave it. */
const PAST = [
  ...[2, 3, 5, 6, 8, 9, 11, 14, 15, 18, 20, 22, 25, 27, 30, 33, 38, 41, 45],
  ...[3, 4, 5, 6, 8, 9, 11, 13, 16, 20, 25, 33, 41, 55, 70].map((days) => days * 24 - (days % 7)),
].toReversed();

const scratch = await temporaryFolder('readme-pictures');
const home = join(scratch.path, 'ada');
const documents = join(home, 'Documents');
const now = Date.now();

async function put(path: string, content: string | Buffer, ageHours: number): Promise<void> {
  const file = join(home, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  const time = new Date(now - ageHours * HOUR);
  await utimes(file, time, time);
}

/** Folders carry the time of their newest file, not of this program. */
async function date(folder: string, ageHours: number): Promise<void> {
  const time = new Date(now - ageHours * HOUR);
  await utimes(join(home, folder), time, time);
}

async function makeFolders(): Promise<void> {
  await put('Documents/Letters/2026-09 landlord.odt', randomBytes(24_500), 70 * 24);
  await put('Documents/Letters/2026-10 insurance.odt', randomBytes(31_200), 30 * 24);
  await put('Documents/Letters/Wedding speech.txt', 'Dear friends,\nfourteen years ago …\n', 40 * 24);
  await put('Documents/Recipes/Bread.md', '# Bread\n\n500 g flour, 350 g water, 10 g salt.\n', 90 * 24);
  await put('Documents/Tax/2025 return.pdf', randomBytes(910_000), 75 * 24);
  await put('Documents/Tax/receipts.csv', 'date;sum\n', 75 * 24);
  await put('Documents/Budget 2026.csv', 'month;in;out\n', 75 * 24);
  await put('Documents/Contract final.pdf', randomBytes(412_000), 60 * 24);
  await put('Documents/Curriculum vitae.odt', randomBytes(88_000), 21 * 24);
  await put('Documents/Notes.txt', 'To do\n', 75 * 24);
  for (let index = 0; index < 60; index += 1) {
    await put(`Pictures/2026/IMG_${2000 + index}.jpg`, randomBytes(180_000 + index * 2_000), 400 - index * 5);
  }
  for (let index = 0; index < 25; index += 1)
    await put(`Thesis/chapter-${index + 1}.tex`, randomBytes(9_000), 60 - index);
}

/** Lives through the past of Documents, one snapshot at each moment. */
async function livePast(repository: ReturnType<typeof restic>): Promise<void> {
  await repository.init();
  for (const [index, ago] of PAST.entries()) {
    await put('Documents/Notes.txt', `To do\n${'- one more thing\n'.repeat(index + 1)}`, ago);
    if (index % 2 === 0)
      await put('Documents/Budget 2026.csv', `month;in;out\n${'11;2400;2210\n'.repeat(index + 4)}`, ago);
    if (index % 3 === 0)
      await put('Documents/Tax/receipts.csv', `date;sum\n${'2026-11-02;14.90\n'.repeat(index + 9)}`, ago);
    for (let scan = 0; scan < (index * 5) % 9; scan += 1) {
      await put(`Documents/Scans/scan-${String(index * 10 + scan).padStart(4, '0')}.pdf`, randomBytes(30_000), ago);
    }
    if (index === PAST.length - 4) await rm(join(documents, 'Letters/Wedding speech.txt'));
    if (index === PAST.length - 9)
      await rename(join(documents, 'Contract final.pdf'), join(documents, 'Contract signed.pdf'));
    for (const folder of ['Letters', 'Tax', 'Scans']) await date(`Documents/${folder}`, ago).catch(() => undefined);
    await repository.backup([documents], '--time', resticTime(now - ago * HOUR));
  }
}

function resticTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

async function protectAll(app: Connection, disk: string, cloud: string): Promise<void> {
  await app.call('setup.setPassphrase', { passphrase: PASSPHRASE });
  await app.call('destinations.add', { name: 'Blue disk', location: disk, kind: 'external' });
  await app.call('destinations.add', { name: 'Cloud', location: cloud, kind: 'cloud', offsite: true });
  for (const name of ['Documents', 'Pictures', 'Thesis']) await app.call('folders.add', { path: join(home, name) });
  const { runs } = await app.call('runs.backup', {});
  for (const { id } of runs) await waitForRun(app, id, () => undefined, new AbortController().signal);
  await app.call('setup.recoveryKitSaved', {});
  await app.call('setup.tryRecoveryKit', { passphrase: PASSPHRASE });
  await app.call('setup.finish', {});
}

async function takePictures(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByRole('heading', { name: 'Everything has 3 proven copies' }).waitFor({ timeout: 60_000 });
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(ASSETS, 'screenshot-home.png') });
  await page.getByRole('link', { name: 'History', exact: true }).click();
  await page.getByRole('treegrid').waitFor();
  await page.getByText('Week', { exact: true }).click();
  await page.waitForTimeout(500);
  await page.screenshot({ path: join(ASSETS, 'screenshot-history.png') });
}

const disk = join(scratch.path, 'disk');
const cloud = await startDemoCloud(scratch.path);
process.env.HOME = home;
process.env.RCLONE_CONFIG = cloud.configFile;
await makeFolders();
await livePast(restic({ repository: disk, passphrase: PASSPHRASE, scratch: scratch.path }));
const state = join(scratch.path, 'state');
const serving = await serve({ home: state, browser: 'leave' });
const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] });
try {
  await protectAll(await connect(state), disk, cloud.location);
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  await takePictures(await context.newPage(), serving.address);
} finally {
  await browser.close();
  await serving.close();
  await cloud.close();
  await scratch.remove();
}
process.exit(0);
