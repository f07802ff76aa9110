import type { Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import { screens } from '../support/screens.ts';

/** Answers that are late, wrong, of an earlier question, or about names that would deceive: what is on screen stays true. */

const open = screens({ width: 1280, height: 800 });

const answer = (route: Route, value: unknown) => route.fulfill({ json: { ok: true, value } });

const hit = (folderId: string, folderName: string, path: string) => ({
  name: path.split('/').at(-1),
  path,
  key: Buffer.from(path).toString('base64url'),
  type: 'file',
  size: 10,
  modifiedAt: '2026-11-01T10:00:00.000Z',
  existsNow: true,
  folderId,
  folderName,
  versions: 1,
  lastSeenAt: '2026-11-01T10:00:00.000Z',
  momentId: 'm-0',
});

const palette = (page: Page) => page.getByRole('textbox', { name: 'Find a file, a screen or an action' });

test('of two files with the same path in two folders, the one that was picked is shown, wherever one searched before', async () => {
  const { page } = await open('good', '/history/f-documents', (_, one) =>
    one.route('**/api/history.search', (route) => {
      const { folderId } = route.request().postDataJSON();
      const all = [hit('f-documents', 'Documents', 'plan.txt'), hit('f-photos', 'Photos', 'plan.txt')];
      return answer(route, {
        hits: all.filter((each) => folderId === undefined || each.folderId === folderId),
        more: false,
        tookMs: 1,
      });
    }),
  );
  await page.getByRole('button', { name: 'Deleted files' }).click();
  await page.keyboard.press('Control+k');
  await palette(page).fill('plan');
  const asked = page.waitForRequest('**/api/history.versions');
  await page.getByRole('button', { name: /Photos \/ plan\.txt/ }).click();
  expect((await asked).postDataJSON().folderId).toBe('f-photos');
  await page.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => new URL(page.url()).hash).toBe('#/history/find/plan');
});

test('what an earlier question found does not pass for the answer to a later one', async () => {
  let wait = 0;
  const { page } = await open('good', '/history/find/tax', (_, one) =>
    one.route('**/api/history.search', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      await route.continue().catch(() => undefined);
    }),
  );
  const found = page.getByRole('list', { name: 'Found' }).getByRole('button');
  await expect.poll(() => found.count()).toBeGreaterThan(2);
  wait = 60_000;
  const field = page.getByRole('textbox', { name: 'Search all history' });
  await field.fill('tax receipts');
  await page.getByText('Searching…').waitFor();
  expect(await found.allTextContents()).toEqual([expect.stringContaining('receipts.xlsx')]);
  await field.fill('wedding');
  await expect.poll(() => found.count()).toBe(0);
  await page.getByText('Searching…').waitFor();

  wait = 0;
  await page.getByRole('heading', { name: 'History' }).click();
  await page.keyboard.press('Control+k');
  await palette(page).fill('budget');
  await page.getByRole('button', { name: /Budget 2026/ }).waitFor();
  wait = 60_000;
  await palette(page).fill('wedding');
  await page.getByText('Nothing has this name').waitFor();
});

test('a run that ends while the list of runs is on its way has ended', async () => {
  const { page, app } = await open('good', '/');
  const run = { ...app.world.runs[0], id: 'r-late', state: 'running', endedAt: null, report: null } as Run;
  app.world.runs.unshift(run);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/api/runs.list', async (route) => {
    const response = await route.fetch();
    await held;
    await route.fulfill({ response });
  });
  const asked = page.waitForRequest('**/api/runs.list');
  await page.reload();
  await asked;
  await page.getByRole('article', { name: 'Documents' }).waitFor();
  await page.waitForTimeout(200);
  app.tell('run.changed', { ...run, state: 'done', endedAt: new Date().toISOString() });
  await page.waitForTimeout(100);
  const answered = page.waitForResponse('**/api/runs.list');
  release();
  await answered;
  await page.waitForTimeout(100);
  expect(await page.getByRole('progressbar').count()).toBe(0);
});

test('an answer that cannot be drawn takes its screen alone', async () => {
  const { page, address } = await open('good', '/settings', (_, one) =>
    one.route('**/api/destinations.list', (route) => answer(route, { no: 'list' })),
  );
  await page.getByRole('link', { name: 'Destinations' }).click();
  await page.getByText('This screen cannot be shown').waitFor();
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await page.getByRole('article', { name: 'Documents' }).waitFor();
  await page.goto(`${address}/#/activity/of/%`);
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
});

test('of a long folder, a part that cannot be read says so and is asked for again', async () => {
  let broken = true;
  const { page } = await open('good', '/history/f-documents', (_, one) =>
    one.route('**/api/history.browse', async (route) => {
      if (!broken || route.request().postDataJSON().offset === 0) return route.continue();
      await route.fulfill({
        json: { ok: false, error: { code: 'internal', message: 'It broke.', hint: '', retry: 'never', data: {} } },
      });
    }),
  );
  await page.getByText('Archive').dblclick();
  await page.getByText('scan-000001.pdf').waitFor();
  // The second click of the two opens nothing that has come under the pointer meanwhile.
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByText('scan-000001.pdf').click({ position: { x: 1, y: 1 } });
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('row', { name: /scan-000001/ }).focus();
  await page.keyboard.press('End');
  await page.getByText('It broke.').waitFor({ timeout: 10_000 });
  broken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('scan-100000.pdf').waitFor();
  expect(await page.getByText('It broke.').count()).toBe(0);
});

test('a restore that is being prepared stays when the moments cannot be asked for again', async () => {
  const { page, app } = await open('good', '/history/f-documents');
  await page.getByRole('button', { name: 'Restore this folder' }).click();
  await page.getByRole('radio', { name: 'Another folder' }).check();
  await page.getByRole('textbox', { name: 'Folder to restore into' }).fill('/home/ada/Back');
  app.fail('history.moments', 'The catalog does not answer.', '');
  app.tell('history.changed', { folderId: app.world.folders[0]?.id ?? ('' as never) });
  await page.getByText('The catalog does not answer.').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Show the plan' }).click();
  await page.getByText('/home/ada/Back').waitFor();
});

test('a first backup that was stopped is not taken for one that was made', async () => {
  const { page } = await open('good', '/welcome/finish', (app) => {
    app.world.info = { ...app.world.info, setup: { ...app.world.info.setup, finished: false } };
    const run = app.world.runs.find(({ kind }) => kind === 'backup') as Run;
    const error = { code: 'cancelled', message: 'Triplicate ended.', hint: '', retry: 'never' as const, data: {} };
    app.world.runs = [{ ...run, state: 'cancelled', report: null, error }];
  });
  await page.getByRole('heading', { name: 'The first backup is not done yet' }).waitFor();
  await page.getByText('0 of 1 backup done').waitFor();
});

test('an answer to “is it somewhere else?” is not taken back while the folder there is typed', async () => {
  const { page } = await open('trouble', '/');
  await page.getByRole('button', { name: 'Add a place elsewhere' }).click();
  await page.getByRole('radio', { name: /attic/ }).click();
  const elsewhere = page.getByRole('checkbox', { name: 'It is in another place than this computer' });
  expect(await elsewhere.isChecked()).toBe(true);
  await elsewhere.uncheck();
  await page.getByRole('textbox', { name: 'Folder there' }).fill('backups/laptop');
  expect(await elsewhere.isChecked()).toBe(false);
  await page.getByRole('radio', { name: /drive/ }).click();
  expect(await elsewhere.isChecked()).toBe(true);
});

test('names cannot hide what they are, turn the words around, or pass for another', async () => {
  const names = [
    '\u202Efdp.exe',
    'a\nb',
    'a b',
    'a  b',
    '<img src=x onerror=alert(1)>',
    '__proto__',
    'constructor',
    '👩‍👩‍👧.png',
    'x'.repeat(255),
  ];
  const { page } = await open('good', '/history/f-documents', (_, one) =>
    one.route('**/api/history.browse', (route) =>
      answer(route, { entries: names.map((name) => hit('f-documents', 'Documents', name)), total: names.length }),
    ),
  );
  const boxes = page.getByRole('checkbox', { name: /^Select/ });
  await expect.poll(() => boxes.count()).toBe(names.length);
  const shown = await page
    .getByRole('row')
    .locator('[class*=text]')
    .evaluateAll((all) => all.map((one) => (one as HTMLElement).innerText));
  expect(shown).toEqual(['\\u{202e}fdp.exe', 'a\\u{a}b', ...names.slice(2)]);
  await boxes.first().click();
  await page.getByRole('button', { name: 'Restore…' }).click();
  await page.getByRole('heading', { name: 'Restore \\u{202e}fdp.exe' }).waitFor();
});
