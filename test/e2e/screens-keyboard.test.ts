import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { screens } from '../support/screens.ts';

/** The two ways that matter most, without a mouse: the first-run guide and a restore. */

const open = screens({ width: 1280, height: 800 });

/** Presses Tab until what has the focus is called `name`; fails when it cannot be reached. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let press = 0; press < 60; press += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      if (element === null || element === document.body) return '';
      const label = element.labels?.[0]?.textContent ?? '';
      return `${element.getAttribute('aria-label') ?? ''} ${label} ${element.textContent ?? ''}`;
    });
    if (name.test(focused)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Nothing called ${name} can be reached with the Tab key.`);
}

async function pressOn(page: Page, name: RegExp): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

test('the guide, from the first word to the first backup', async () => {
  const { page, app } = await open('fresh', '/');
  await pressOn(page, /Let’s begin/);
  await page.getByRole('checkbox', { name: /Documents/, checked: true }).waitFor();
  await pressOn(page, /Continue/);
  await page.getByRole('heading', { name: 'A disk nearby' }).waitFor();
  await tabTo(page, /Blue disk/);
  await page.keyboard.press('Space');

  // Back keeps what was chosen.
  await page.goBack();
  await page.getByRole('heading', { name: 'What would you miss?' }).waitFor();
  await page.goForward();
  await page.getByRole('radio', { name: /Blue disk/, checked: true }).waitFor();

  await pressOn(page, /Continue/);
  await page.getByRole('heading', { name: 'A place far away' }).waitFor();
  await pressOn(page, /Skip for now/);
  await page.getByRole('heading', { name: 'Your passphrase' }).waitFor();
  await tabTo(page, /^ ?Passphrase/);
  await page.keyboard.type('harbour violet ladder nine');
  await tabTo(page, /The same once more/);
  await page.keyboard.type('harbour violet ladder nine');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Your recovery page' }).waitFor();
  await pressOn(page, /Save as a file/);
  await tabTo(page, /Passphrase from the page/);
  await page.keyboard.type('harbour violet ladder nine');
  await page.keyboard.press('Enter');
  await page.getByText('That is it. The page works.').waitFor();
  await pressOn(page, /Continue/);
  await pressOn(page, /Open Triplicate/);
  await page.getByRole('heading', { name: 'Documents', exact: true }).waitFor();
  expect(app.world.info.setup).toMatchObject({ finished: true });
  expect(app.world.info.setup.recoveryKitTriedAt).not.toBeNull();
  expect(app.world.runs.filter(({ kind }) => kind === 'backup')).toHaveLength(2);
});

test('a deleted file, found and restored', async () => {
  const { page, app } = await open('good', '/');
  await page.keyboard.press('/');
  await page.getByPlaceholder(/Search all history/).waitFor();
  await tabTo(page, /Search all history/);
  await page.keyboard.type('wedding');
  await page.getByText(/^Deleted (?!files|,)/).waitFor();
  await pressOn(page, /Wedding speech/);
  await page.getByText('Dear friends').waitFor();
  await pressOn(page, /Restore this version/);
  await pressOn(page, /Show the plan/);
  await page.getByText('Already the same').waitFor();
  await pressOn(page, /^ +Restore$/);
  await page.getByText('It is back').waitFor();
  expect(app.world.runs[0]).toMatchObject({ kind: 'restore', state: 'done' });
});

test('through time and the files of a moment with the arrow keys', async () => {
  const { page } = await open('good', '/history/f-documents');
  const slider = page.getByRole('slider', { name: 'Moment' });
  await slider.focus();
  const newest = await slider.getAttribute('aria-valuenow');
  await page.keyboard.press('ArrowLeft');
  expect(Number(await slider.getAttribute('aria-valuenow'))).toBe(Number(newest) - 1);

  // The list of moments is one stop of the Tab key, and its arrows go through time as well.
  const moments = page.getByRole('navigation', { name: 'Moments' });
  const chosen = moments.locator('[aria-current]');
  const older = await chosen.getAttribute('title');
  await chosen.focus();
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => chosen.getAttribute('title')).not.toBe(older);
  await expect.poll(() => chosen.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.press('Home');
  await expect.poll(() => slider.getAttribute('aria-valuenow')).toBe(newest);
  await expect.poll(() => chosen.evaluate((one) => one === document.activeElement)).toBe(true);

  await page.getByRole('row', { name: /Archive/ }).focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  await page.getByText('1 entry selected').waitFor();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  // A hundred thousand entries, and the last one is one key away.
  await page.getByRole('row', { name: /scan-000001/ }).focus();
  await page.keyboard.press('End');
  await page.getByRole('row', { name: /scan-100000/ }).waitFor();
  expect(await page.getByRole('treegrid').getAttribute('aria-rowcount')).toBe('100001');
  expect(await page.getByRole('row').count()).toBeLessThan(80);
});

test('letters typed right after Ctrl-K are searched for, before the field has the focus', async () => {
  const { page } = await open('good', '/');
  await page.evaluate(() => {
    const press = (key: string, ctrlKey: boolean) =>
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
    press('k', true);
    for (const letter of 'gh') press(letter, false);
  });
  const field = page.getByRole('textbox', { name: 'Find a file, a screen or an action' });
  await expect.poll(() => field.evaluate((input) => input === document.activeElement)).toBe(true);
  await page.keyboard.type('i');
  expect(await field.inputValue()).toBe('ghi');
});
