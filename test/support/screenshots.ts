import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { chromiumArguments, chromiumPath } from './chromium.ts';
import { type FakeServer, serveFake } from './fake-server.ts';
import type { Scenario } from './fake-world.ts';

/** Pictures of every screen and state: `node test/support/screenshots.ts FOLDER [PART OF A NAME]`, after `vite build`. */

export interface View {
  readonly name: string;
  readonly scenario: Scenario;
  readonly path: string;
  /** What a person does before the picture is taken. */
  readonly act?: (page: Page, server: FakeServer) => Promise<void>;
}

const click = (name: string | RegExp) => (page: Page) => page.getByRole('button', { name }).first().click();

export const VIEWS: readonly View[] = [
  { name: 'home-good', scenario: 'good', path: '/' },
  { name: 'home-trouble', scenario: 'trouble', path: '/' },
  { name: 'home-empty', scenario: 'empty', path: '/' },
  {
    name: 'home-running',
    scenario: 'good',
    path: '/',
    act: async (page, server) => {
      await server.app.call('runs.backup', {});
      await page.waitForTimeout(1_500);
    },
  },
  {
    name: 'home-error',
    scenario: 'good',
    path: '/settings',
    act: async (page, server) => {
      server.app.fail('folders.list', 'Triplicate does not answer.', 'It may be busy. Your copies are not affected.');
      await page.reload();
      await page.evaluate(() => {
        window.location.hash = '#/';
      });
      await page.getByRole('alert').waitFor();
    },
  },
  { name: 'home-add-folder', scenario: 'good', path: '/', act: click('Protect a folder') },
  {
    name: 'home-choose-folder',
    scenario: 'good',
    path: '/',
    act: async (page) => {
      await click('Protect a folder')(page);
      await click('Choose…')(page);
      await page.getByText('Desktop').waitFor();
    },
  },
  {
    name: 'home-stop-protecting',
    scenario: 'good',
    path: '/',
    act: async (page) => {
      await click(/^More for/)(page);
      await page.getByRole('menuitem', { name: 'Stop protecting' }).click();
    },
  },
  { name: 'history-browse', scenario: 'good', path: '/history/f-documents' },
  {
    name: 'history-past',
    scenario: 'good',
    path: '/history/f-documents',
    act: async (page) => {
      await page.getByRole('slider', { name: 'Moment' }).focus();
      await page.keyboard.press('PageDown');
      await page.getByRole('checkbox', { name: 'Select Old projects' }).click();
      await page.getByRole('checkbox', { name: 'Select Wedding speech.txt' }).click();
    },
  },
  { name: 'history-search', scenario: 'good', path: '/history/find/pdf' },
  {
    name: 'history-deleted',
    scenario: 'good',
    path: '/history/f-documents',
    act: async (page) => {
      await click('Deleted files')(page);
      await page
        .getByText(/^Deleted (?!files|,)/)
        .first()
        .waitFor();
    },
  },
  {
    name: 'history-versions',
    scenario: 'good',
    path: '/history/find/wedding/f-documents/Wedding%20speech.txt',
    act: async (page) => page.getByText('Dear friends').waitFor(),
  },
  {
    name: 'history-restore',
    scenario: 'good',
    path: '/history/f-documents',
    act: click('Restore this folder'),
  },
  {
    name: 'history-plan',
    scenario: 'good',
    path: '/history/f-documents',
    act: async (page) => {
      await click('Restore this folder')(page);
      await page.getByText('Replace it').click();
      await click('Show the plan')(page);
      await page.getByText('Already the same').waitFor();
    },
  },
  {
    name: 'history-restored',
    scenario: 'good',
    path: '/history/f-documents',
    act: async (page) => {
      await click('Restore this folder')(page);
      await click('Show the plan')(page);
      await page.getByRole('button', { name: 'Restore', exact: true }).click();
      await page.getByRole('button', { name: 'Done' }).waitFor();
    },
  },
  { name: 'destinations-good', scenario: 'good', path: '/destinations' },
  { name: 'destinations-trouble', scenario: 'trouble', path: '/destinations' },
  { name: 'destinations-returned', scenario: 'returned', path: '/destinations' },
  {
    name: 'destinations-catching-up',
    scenario: 'returned',
    path: '/destinations',
    act: async (page) => {
      await click('Copy them over')(page);
      await page.getByText(/^Copying what was missed, /).waitFor();
      await page.waitForTimeout(1_000);
    },
  },
  {
    name: 'destinations-leave-missed',
    scenario: 'returned',
    path: '/destinations',
    act: click('Not needed here'),
  },
  { name: 'destinations-empty', scenario: 'empty', path: '/destinations' },
  {
    name: 'destinations-menu',
    scenario: 'good',
    path: '/destinations',
    act: click('More for Blue disk'),
  },
  {
    name: 'destinations-add',
    scenario: 'good',
    path: '/destinations',
    act: async (page) => {
      await click('Add a destination')(page);
      await page.getByText('A cloud or server').click();
      await page.getByRole('radio', { name: /drive/ }).click();
      await click('Test it')(page);
      await page.getByText('Works:').waitFor();
    },
  },
  {
    name: 'destinations-edit',
    scenario: 'good',
    path: '/destinations',
    act: async (page) => {
      await click('More for Blue disk')(page);
      await page.getByRole('menuitem', { name: 'Edit' }).click();
    },
  },
  { name: 'activity-good', scenario: 'good', path: '/activity' },
  { name: 'activity-trouble', scenario: 'trouble', path: '/activity' },
  { name: 'activity-report', scenario: 'trouble', path: '/activity/r-1' },
  { name: 'activity-failed', scenario: 'trouble', path: '/activity/r-0' },
  { name: 'settings', scenario: 'good', path: '/settings' },
  { name: 'settings-kit', scenario: 'trouble', path: '/settings/kit' },
  {
    name: 'palette',
    scenario: 'good',
    path: '/',
    act: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('con');
      await page.getByRole('button', { name: /Contract final.pdf/ }).waitFor();
    },
  },
  {
    name: 'shortcuts',
    scenario: 'good',
    path: '/',
    act: async (page) => {
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    },
  },
  { name: 'unlock', scenario: 'locked', path: '/' },
  { name: 'guide-1-start', scenario: 'fresh', path: '/' },
  { name: 'guide-2-folders', scenario: 'fresh', path: '/welcome/folders' },
  {
    name: 'guide-3-disk',
    scenario: 'fresh',
    path: '/welcome/folders',
    act: async (page) => {
      await page.getByRole('checkbox', { name: /Documents/, checked: true }).waitFor();
      await click('Continue')(page);
      await page.getByRole('radio', { name: /Blue disk/ }).click();
    },
  },
  { name: 'guide-4-cloud', scenario: 'fresh', path: '/welcome/cloud' },
  { name: 'guide-4-no-rclone', scenario: 'no-rclone', path: '/welcome/cloud' },
  {
    name: 'guide-5-passphrase',
    scenario: 'fresh',
    path: '/welcome/passphrase',
    act: async (page) => {
      await page.getByLabel('Passphrase', { exact: true }).fill('harbour violet ladder');
    },
  },
  { name: 'guide-6-recovery', scenario: 'fresh', path: '/welcome/recovery' },
  {
    name: 'guide-7-finish',
    scenario: 'fresh',
    path: '/welcome/start',
    act: async (page, server) => {
      await server.app.call('folders.add', { path: '/home/ada/Documents' });
      await page.evaluate(() => {
        window.location.hash = '#/welcome/finish';
      });
      await page.getByText(/Copying/).waitFor();
    },
  },
];

export interface Look {
  readonly scheme: 'light' | 'dark';
  readonly width: number;
  readonly height: number;
}

export interface OpenView {
  readonly page: Page;
  /** Errors and warnings that the page wrote to its console. */
  readonly noise: readonly string[];
  close(): Promise<void>;
}

/** Opens a view as a person would see it, with its scenario's app behind it. */
export async function openView(browser: Browser, view: View, look: Look): Promise<OpenView> {
  const server = await serveFake({ scenario: view.scenario });
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.scheme,
    reducedMotion: 'reduce',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  const noise: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') noise.push(message.text());
  });
  page.on('pageerror', (error) => noise.push(error.message));
  const close = async () => {
    await context.close();
    await server.close();
  };
  try {
    await page.goto(`${server.address}/#${view.path}`);
    await page.locator('h1').first().waitFor();
    await page.waitForLoadState('networkidle');
    await view.act?.(page, server);
    await page.waitForTimeout(250);
  } catch (error) {
    await close();
    throw error;
  }
  return { page, noise, close };
}

const LOOKS: readonly Look[] = [
  { scheme: 'light', width: 1280, height: 800 },
  { scheme: 'dark', width: 1280, height: 800 },
  { scheme: 'light', width: 900, height: 600 },
];

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? 'screenshots';
  const part = process.argv[3] ?? '';
  const which = process.argv[4] ?? '';
  await mkdir(folder, { recursive: true });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] });
  for (const view of VIEWS.filter(({ name }) => name.includes(part))) {
    for (const look of LOOKS) {
      const name = `${view.name}-${look.scheme}-${look.width}`;
      if (!name.includes(which)) continue;
      try {
        const { page, close } = await openView(browser, view, look);
        await page.screenshot({ path: join(folder, `${name}.png`) });
        await close();
      } catch (error) {
        console.log(`${name}: ${String(error).slice(0, 300)}`);
      }
    }
  }
  await browser.close();
}
