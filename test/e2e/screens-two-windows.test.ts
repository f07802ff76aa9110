import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { asDestination, asFolder } from '../support/fake-world.ts';
import { screens } from '../support/screens.ts';

/** Something changes while a window is open: another window, or the app itself, acts on what it shows. */

const open = screens({ width: 1280, height: 800 });

const menuItem = async (page: Page, of: string, item: string) => {
  await page.getByRole('button', { name: `More for ${of}` }).click();
  await page.getByRole('menuitem', { name: item }).click();
};

test('keeping rules that another window has changed are not put back by an old form', async () => {
  const { page, app } = await open('good', '/destinations');
  await menuItem(page, 'Blue disk', 'Edit');
  const retention = {
    keepAllHours: 24,
    hourlyForHours: 48,
    dailyForDays: 3650,
    weeklyForWeeks: 12,
    monthlyForMonths: 240,
  };
  await app.call('destinations.update', { id: 'd-disk', retention, offsite: true });
  await page.getByRole('textbox', { name: 'Name' }).fill('Green disk');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Green disk', exact: true }).waitFor();
  expect(app.world.destinations.find(({ id }) => id === 'd-disk')).toMatchObject({
    name: 'Green disk',
    offsite: true,
    retention,
  });
});

test('a destination that another window gave a folder is not taken away by an old form', async () => {
  const { page, app } = await open('good', '/');
  await menuItem(page, 'Documents', 'Edit');
  await app.call('folders.update', { id: 'f-documents', destinationIds: ['d-disk', 'd-cloud', 'd-nas'] });
  await app.call('folders.update', { id: 'f-documents', excludeLargerThan: 1_500_000, excludes: ['*.tmp '] });
  await page.getByRole('textbox', { name: 'Name' }).fill('Papers');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'Papers', exact: true }).waitFor();
  expect(app.world.folders.find(({ id }) => id === 'f-documents')).toMatchObject({
    destinationIds: ['d-disk', 'd-cloud', 'd-nas'],
    excludeLargerThan: 1_500_000,
    excludes: ['*.tmp '],
  });
});

test('no other folder takes the place of one whose protection was ended', async () => {
  const { page, app } = await open('good', '/history/f-photos');
  await page.getByRole('treegrid').waitFor();
  await app.call('folders.remove', { id: 'f-photos' });
  await page.getByText('This folder is not protected any more').waitFor();
  expect(await page.getByRole('treegrid').count()).toBe(0);
  await page.getByRole('combobox', { name: 'Folder' }).click();
  await page.getByRole('option', { name: 'Thesis' }).click();
  await page.getByRole('region', { name: 'Files of Thesis' }).waitFor();
});

test('what is selected stays that of the moment it was selected in', async () => {
  const { page, app } = await open('good', '/history/f-documents');
  let extra = 0;
  await page.route('**/api/history.moments', async (route) => {
    const answer = await route.fetch();
    const { value } = await answer.json();
    const added = Array.from({ length: extra }, (_, at) => ({ ...value.moments[0], id: `m-new-${at}` }));
    await route.fulfill({ json: { ok: true, value: { ...value, moments: [...added, ...value.moments] } } });
  });
  const asOf = page.getByText(/^as (it was|of the last)/);
  await page.getByRole('checkbox', { name: 'Select Notes.txt' }).click();
  expect(await asOf.textContent()).toBe('as of the last backup');
  extra = 1;
  app.tell('history.changed', { folderId: asFolder('f-documents') });
  await expect.poll(() => asOf.textContent()).toContain('as it was');
  await page.getByText('1 entry selected').waitFor();
  // Another moment may not have it at all.
  await page.getByRole('slider', { name: 'Moment' }).press('PageDown');
  await expect.poll(() => page.getByText('1 entry selected').count()).toBe(0);
});

test('the version that was chosen stays chosen when newer moments move what is told of it', async () => {
  const { page, app } = await open('good', '/history/find/budget');
  let later = '';
  await page.route('**/api/history.versions', async (route) => {
    const answer = await route.fetch();
    const { value } = await answer.json();
    const moved = value.map((one: { momentId: string }) => ({ ...one, momentId: one.momentId + later }));
    await route.fulfill({ json: { ok: true, value: moved } });
  });
  await page.getByRole('button', { name: /Budget 2026/ }).click();
  const rows = page.getByRole('dialog').locator('li button');
  await rows.nth(1).click();
  const words = await rows.nth(1).textContent();
  later = '-thinned';
  app.tell('history.changed', { folderId: asFolder('f-documents') });
  const restored = page.waitForRequest('**/api/restore.plan');
  await page.waitForResponse('**/api/history.versions');
  await expect.poll(() => page.locator('li button[aria-pressed=true]').textContent()).toBe(words);
  await page.getByRole('button', { name: 'Restore this version…' }).click();
  await page.getByRole('button', { name: 'Show the plan' }).click();
  expect((await restored).postDataJSON().momentId).toMatch(/^m-9-thinned/);
});

test('a destination that is being added stays asked for when what is missing changes, and is given to the folder', async () => {
  const { page, app } = await open('trouble', '/');
  const card = page.getByRole('article', { name: 'Thesis' });
  await card.getByRole('button', { name: 'Add a place elsewhere' }).click();
  await page.getByText('A disk or folder here').click();
  await page.getByRole('radio', { name: /This computer’s disk/ }).click();
  const fix = { action: 'attach-destination' as const, destinationId: asDestination('d-nas') };
  app.world.folders = app.world.folders.map((folder) =>
    folder.id === 'f-thesis'
      ? {
          ...folder,
          destinationIds: [asDestination('d-disk'), asDestination('d-nas')],
          rule: { ...folder.rule, missing: [{ part: 'offsite', text: 'No copy is in another place.', fix }] },
        }
      : folder,
  );
  app.tell('folders.changed', app.world.folders);
  await card.getByRole('button', { name: 'Use Attic server' }).waitFor();
  await page.getByRole('button', { name: 'Add it' }).click();
  await expect
    .poll(() => app.world.folders.find(({ id }) => id === 'f-thesis')?.destinationIds.slice(0, 2))
    .toEqual(['d-disk', 'd-nas']);
  await expect.poll(() => app.world.folders.find(({ id }) => id === 'f-thesis')?.destinationIds.length).toBe(3);
});

test('a setting that the Tab key only passes is not written, and one that cannot be kept does not seem so', async () => {
  const { page, app } = await open('good', '/settings');
  const days = page.getByRole('textbox', { name: 'Check each destination every' });
  await days.focus();
  await app.call('settings.update', { checkEveryDays: 30 });
  await expect.poll(() => days.inputValue()).toBe('30 days');
  await page.keyboard.press('Tab');
  expect(app.world.settings.checkEveryDays).toBe(30);
  await days.fill('99999');
  await page.keyboard.press('Tab');
  await expect.poll(() => app.world.settings.checkEveryDays).toBe(365);
  await expect.poll(() => days.inputValue()).toBe('365 days');
  await days.fill('');
  await page.keyboard.press('Enter');
  await expect.poll(() => days.inputValue()).toBe('365 days');
});

test('a test of long ago says nothing about a destination that fails since', async () => {
  const { page, app } = await open('good', '/destinations');
  const card = page.getByRole('article', { name: 'Blue disk' });
  await card.getByRole('button', { name: 'Test Blue disk' }).click();
  await card.getByText('Works: it answers').waitFor();
  const problem = {
    code: 'store/unreachable',
    message: 'It is not there.',
    hint: '',
    retry: 'when-back',
    data: {},
  } as const;
  app.world.destinations = app.world.destinations.map((one) =>
    one.id === 'd-disk' ? { ...one, state: 'away' as const, problem } : one,
  );
  app.tell('destinations.changed', app.world.destinations);
  await card.getByText('It is not there.').waitFor();
  expect(await card.getByText('Tested just now').count()).toBe(0);
});

test('a disk that is pulled out before its place is added is not added', async () => {
  const { page, app } = await open('good', '/destinations', (one) => {
    one.world.destinations = [];
  });
  let disks: 'both' | 'own' = 'both';
  await page.route('**/api/destinations.disks', async (route) => {
    const answer = await route.fetch();
    const { value } = await answer.json();
    await route.fulfill({ json: { ok: true, value: disks === 'both' ? value : value.slice(1) } });
  });
  await page.getByRole('button', { name: 'Add a destination' }).first().click();
  await page.getByRole('radio', { name: /Blue disk/ }).click();
  disks = 'own';
  await page.getByText('The disk that you chose is no longer there').waitFor();
  expect(await page.getByRole('button', { name: 'Add it' }).isDisabled()).toBe(true);
  expect(app.world.destinations).toEqual([]);
});
