import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { screens } from '../support/screens.ts';

/** Windows above windows, long lists, and the ways between a field and its results. */

const open = screens({ width: 900, height: 600 });

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

test('Escape closes the window on top alone, and the focus goes back to what opened it', async () => {
  const { page } = await open('good', '/history/f-documents');
  await page.getByRole('button', { name: 'Restore this folder' }).press('Enter');
  await page.getByRole('radio', { name: 'Another folder' }).check();
  await page.getByRole('button', { name: 'Choose…' }).press('Enter');
  await page.getByRole('dialog', { name: 'Where should it go?' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(1);
  await expect.poll(() => focused(page)).toContain('Choose…');
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => focused(page)).toContain('Restore this folder');
});

test.each([
  ['/', 'Protect a folder', 'Which folder do you want to protect?', 'Folder'],
  ['/history/f-documents', 'Restore this folder', 'Where should it go?', 'Folder to restore into'],
] as const)(
  'the folder chooser lies on top of the window that opened it, at %s',
  async (path, opener, title, field) => {
    const { page } = await open('good', path);
    await page.getByRole('button', { name: opener }).click();
    const elsewhere = page.getByRole('radio', { name: 'Another folder' });
    if (opener === 'Restore this folder') await elsewhere.check();
    await page.getByRole('button', { name: 'Choose…' }).click();
    const chooser = page.getByRole('dialog', { name: title });
    await chooser.getByRole('button', { name: 'Pictures' }).click();
    await chooser.getByRole('button', { name: 'Choose “Pictures”' }).click();
    await expect
      .poll(() => page.getByRole('textbox', { name: field, exact: true }).inputValue())
      .toBe('/home/ada/Pictures');
  },
);

test('a folder with ten thousands in it is looked through without drawing them all', async () => {
  const names = ['a\nb', ...Array.from({ length: 20_000 }, (_, index) => `d${String(index).padStart(5, '0')}`)];
  const { page } = await open('good', '/');
  await page.route('**/api/system.browse', (route) => {
    const entries = names.map((name) => ({ name, path: `/srv/${name}` }));
    return route.fulfill({ json: { ok: true, value: { path: '/srv', parent: '/', entries, shortcuts: [] } } });
  });
  await page.getByRole('button', { name: 'Protect a folder' }).click();
  await page.getByRole('button', { name: 'Choose…' }).click();
  await page.getByRole('button', { name: 'a\\u{a}b' }).waitFor();
  expect(await page.getByRole('list', { name: 'Folders here' }).getByRole('button').count()).toBeLessThan(120);
  await page.getByRole('list', { name: 'Folders here' }).evaluate((list) => list.scrollTo({ top: list.scrollHeight }));
  await page.getByRole('button', { name: 'd19999' }).waitFor();
});

test('the copy to restore from can be chosen, and its buttons stay in a small window', async () => {
  const { page } = await open('good', '/history/f-documents');
  await page.getByRole('button', { name: 'Restore this folder' }).click();
  const button = page.getByRole('button', { name: 'Show the plan' });
  const box = await button.boundingBox();
  expect((box?.y ?? 1000) + (box?.height ?? 0)).toBeLessThanOrEqual(600);
  await page.getByRole('combobox', { name: 'From which copy' }).click();
  const names = await page.getByRole('option').allTextContents();
  expect(names).toEqual(['The best one now: Blue disk', 'Blue disk', 'Backblaze']);
  await page.getByRole('option', { name: 'Backblaze' }).click();
  await button.click();
  await page.getByText('from Backblaze').waitFor();
});

test('a folder of a cloud is chosen by looking through it', async () => {
  const { page } = await open('good', '/destinations');
  await page.getByRole('button', { name: 'Add a destination' }).click();
  await page.getByText('A cloud or server').click();
  await page.getByRole('radio', { name: /drive/ }).click();
  await page.getByRole('button', { name: 'Choose a folder at drive' }).click();
  await page.getByRole('button', { name: 'Backups' }).click();
  await page.getByRole('button', { name: 'Old laptop' }).click();
  await page.getByText('Copies are kept here already').waitFor();
  await page.getByRole('button', { name: 'Up', exact: true }).click();
  await page.getByRole('button', { name: 'New folder here' }).click();
  await page.getByLabel('Name of the new folder').fill('a/b');
  expect(await page.getByRole('button', { name: 'Use it' }).isDisabled()).toBe(true);
  await page.getByLabel('Name of the new folder').fill('New laptop');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByLabel('Folder there').inputValue()).toBe('Backups/New laptop');
  await page.getByRole('dialog', { name: 'Add a destination' }).waitFor();
});

test('results are reached from the search field with the arrow keys', async () => {
  const { page } = await open('good', '/history/find/');
  await page.keyboard.type('pdf');
  await page.locator('mark').first().waitFor();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-hit'))).toBe('0');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('data-hit'))).toBe('1');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-search'))).toBe(true);
  await page.keyboard.press('Escape');
  await page.getByText('Type a part of the name').waitFor();
});

test('a search goes over all folders, or one', async () => {
  const { page } = await open('good', '/history/find/pdf');
  const results = page.getByRole('list', { name: 'Found' });
  await results.getByRole('button').first().waitFor();
  const folder = page.getByRole('combobox', { name: 'Folder' });
  await expect.poll(() => folder.inputValue()).toBe('All folders');
  await folder.click();
  await page.getByRole('option', { name: 'Photos' }).click();
  await page.getByText('Nothing has this name').waitFor();
  await folder.click();
  await page.getByRole('option', { name: 'Documents' }).click();
  await results.getByRole('button').first().waitFor();
  await page.getByRole('button', { name: 'End the search' }).click();
  await page.getByRole('treegrid').waitFor();
});

test('a deleted file says when it went, in the results and beside its versions', async () => {
  const { page } = await open('good', '/history/find/wedding');
  await page.getByText(/^Deleted (?!files|,)/).waitFor();
  await page.getByRole('button', { name: /Wedding speech/ }).click();
  await page.getByText(/^Deleted, moved or renamed (today|yesterday|between|on|after) /).waitFor();
});

test('a disk that is away says so once, however often it is tested', async () => {
  const { page } = await open('trouble', '/destinations');
  const cloud = page.getByRole('article', { name: 'Backblaze' });
  await cloud.getByRole('button', { name: 'Test Backblaze' }).click();
  await cloud.getByText(/Tested just now/).waitFor();
  expect(await cloud.getByText('Backblaze refuses the login.').count()).toBe(1);
});

test('what a disk missed while it was away is offered, copied over, and can be stopped', async () => {
  // Ten seconds, so that it is still under way when it is stopped, on a slow machine too.
  const { page } = await open('returned', '/destinations', undefined, 400);
  const disk = page.getByRole('article', { name: 'Blue disk' });
  await disk.getByText('It missed 12 moments while it was away').waitFor();
  expect(await page.getByText(/^It missed/).count()).toBe(1);
  await disk.getByRole('button', { name: 'Copy them over' }).press('Enter');
  await disk.getByText(/^Copying what was missed, \d+ %/).waitFor();
  await disk.getByText(/\d+ of 12 moments/).waitFor();
  await disk.getByRole('button', { name: 'Stop: Copy what Blue disk missed' }).click();
  // What is not there yet is offered again.
  await disk.getByRole('button', { name: 'Copy them over' }).click();
  await disk.getByText(/^Copying what was missed/).waitFor();
  await disk
    .getByText(/missed/)
    .first()
    .waitFor({ state: 'detached' });
  expect(await disk.getByRole('progressbar', { name: /missed/ }).count()).toBe(0);
});

test('missed moments that nobody wants there are left out after a question', async () => {
  const { page, app } = await open('returned', '/destinations');
  const disk = page.getByRole('article', { name: 'Blue disk' });
  await disk.getByRole('button', { name: 'Not needed here' }).click();
  await page.getByText(/^Nothing is deleted: they stay at Backblaze and Attic server/).waitFor();
  await page.keyboard.press('Escape');
  await disk.getByText(/^It missed 12/).waitFor();
  await disk.getByRole('button', { name: 'Not needed here' }).click();
  await page.getByRole('button', { name: 'Leave them out' }).click();
  await disk.getByText(/^It missed/).waitFor({ state: 'detached' });
  expect(app.world.destinations.every(({ missed }) => missed === null)).toBe(true);
});

test('where nobody who has them can be reached, missed moments wait', async () => {
  const { page } = await open('returned', '/destinations', ({ world }) => {
    world.destinations = world.destinations.map((one) =>
      one.name === 'Blue disk'
        ? {
            ...one,
            missed: {
              moments: 1,
              at: world.destinations.filter(({ name }) => name === 'Backblaze').map(({ id }) => id),
            },
          }
        : { ...one, state: 'away' },
    );
  });
  const disk = page.getByRole('article', { name: 'Blue disk' });
  await disk.getByText(/When Backblaze can be reached, this moment can be copied over/).waitFor();
  expect(await disk.getByRole('button', { name: 'Copy it over' }).isDisabled()).toBe(true);
});

test('copying over what is missed can become the rule for a destination', async () => {
  const { page, app } = await open('good', '/destinations');
  await page.getByRole('button', { name: 'More for Blue disk' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await page.getByRole('checkbox', { name: 'Copy over what it missed while it was away' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(() => app.world.destinations[0]?.catchUp).toBe('always');
});

test('a destination that the passphrase does not open takes its own on its card', async () => {
  const problem = { code: 'repo/wrong-passphrase', message: 'It does not open.', hint: '', retry: 'never', data: {} };
  const { page } = await open('good', '/destinations', ({ world }) => {
    world.destinations = world.destinations.map((one, position) =>
      position === 0 ? { ...one, state: 'blocked', problem } : one,
    ) as typeof world.destinations;
  });
  const asked = page.waitForRequest('**/api/destinations.update');
  const card = page.getByRole('article', { name: 'Blue disk' });
  await card.getByLabel('The passphrase of these copies').fill('its own one');
  await card.getByRole('button', { name: 'Use it' }).click();
  expect((await asked).postDataJSON()).toEqual({ id: 'd-disk', passphrase: 'its own one' });
  expect(await page.getByLabel('The passphrase of these copies').count()).toBe(1);
});
