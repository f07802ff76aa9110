import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Run } from '../../main/api/contract/runs.ts';
import { type OpenScreen, screens } from '../support/screens.ts';

/** What Triplicate did over years: thousands of runs, by wheel and by keyboard. */

const RUNS = 3_000;
const openScreen = screens({ width: 900, height: 600 });

async function open(): Promise<OpenScreen> {
  const opened = await openScreen('good', '/activity', ({ world }) => {
    const pattern = world.runs.find(({ endedAt }) => endedAt !== null);
    if (pattern === undefined) throw new Error('The sample has no run that ended.');
    const old = (index: number): Run => {
      const at = new Date(Date.now() - 2 * 86_400_000 - index * 3_600_000).toISOString();
      const state = index % 500 === 499 ? 'failed' : 'done';
      return {
        ...pattern,
        id: `old-${index}` as Run['id'],
        title: `Old run ${index}`,
        createdAt: at,
        endedAt: at,
        state,
      };
    };
    world.runs = [...world.runs, ...Array.from({ length: RUNS }, (_one, index) => old(index))];
  });
  await opened.page.locator('[data-run]').first().waitFor();
  return opened;
}

const focusedRun = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('data-run') ?? '');

test('older runs come while one scrolls, up to the last, and only a few are drawn', async () => {
  const { page } = await open();
  await page.mouse.move(500, 400);
  await expect
    .poll(
      async () => {
        await page.mouse.wheel(0, 20_000);
        return page.getByText(`Old run ${RUNS - 1}`, { exact: true }).count();
      },
      { timeout: 60_000 },
    )
    .toBe(1);
  await page.getByText('Older runs are not kept.').waitFor();
  expect(await page.getByRole('listitem').count()).toBeLessThan(80);
});

test('the arrow keys go from run to run, and back from a report to the run it is of', async () => {
  const { page } = await open();
  const rows = page.getByRole('list', { name: 'Past runs' });
  await rows.getByRole('link').first().focus();
  const first = await focusedRun(page);
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => focusedRun(page)).not.toBe(first);
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focusedRun(page)).toBe(first);
  await page.keyboard.press('End');
  await expect.poll(() => focusedRun(page)).toMatch(/^old-/);
  const far = await focusedRun(page);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Report' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => focusedRun(page)).toBe(far);
  // Scrolled away with the wheel, the next key still goes on from the run that has the focus.
  await page.mouse.move(500, 400);
  await page.mouse.wheel(0, -100_000);
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => focusedRun(page)).toBe(`old-${Number(far.slice(4)) - 1}`);
  await page.locator(`[data-run="${await focusedRun(page)}"]`).waitFor();
  await page.keyboard.press('Home');
  await expect.poll(() => focusedRun(page)).toBe(first);
});

test('problems among thousands are asked for alone, and a new run comes on top by itself', async () => {
  const { page, app } = await open();
  await page.getByText('Problems', { exact: true }).click();
  await page.getByText('Old run 499', { exact: true }).waitFor();
  await page.getByText(`Old run ${RUNS - 1}`, { exact: true }).waitFor();
  expect(await page.getByText('Old run 0', { exact: true }).count()).toBe(0);
  await page.getByText('All', { exact: true }).click();
  await app.call('runs.check', { destinationId: app.world.destinations[0]?.id, readData: false });
  await page
    .getByRole('link', { name: /Check Blue disk/ })
    .first()
    .waitFor();
});

test('the reports of one folder are asked for from its card', async () => {
  const { page } = await open();
  await page.getByRole('link', { name: 'Home', exact: true }).click();
  await page.getByRole('button', { name: 'More for Photos' }).click();
  await page.getByRole('menuitem', { name: 'Reports' }).click();
  await expect.poll(() => page.getByRole('combobox', { name: 'Folder' }).inputValue()).toBe('Photos');
  const link = page.getByRole('list', { name: 'Past runs' }).getByRole('link').first();
  await link.click();
  await page.getByRole('dialog', { name: 'Report' }).waitFor();
  await page.keyboard.press('Escape');
  await expect.poll(() => page.getByRole('combobox', { name: 'Folder' }).inputValue()).toBe('Photos');
});

test('a check of all data that failed is run again as such', async () => {
  const { page, app } = await open();
  const [one] = app.world.runs;
  const place = app.world.destinations[0];
  if (one === undefined || place === undefined) throw new Error('The sample has no runs.');
  const error = { code: 'store/unreachable', message: 'It went away.', hint: '', retry: 'when-back' } as const;
  const failed = { kind: 'check', depth: 'read-data', state: 'failed', title: 'The check that failed' } as const;
  const run = { ...one, ...failed, id: 'failed-check' as Run['id'], report: null, error: { ...error, data: {} } };
  app.world.runs = [{ ...run, folderId: null, destinationIds: [place.id] }, ...app.world.runs];
  await page.reload();
  await page.getByRole('link', { name: /The check that failed/ }).click();
  await page.getByRole('button', { name: 'Run it again' }).click();
  // The failed one is of the same kind and depth: the new one is known by its id.
  await expect.poll(() => app.world.runs[0]?.id).not.toBe('failed-check');
  expect(app.world.runs[0]).toMatchObject({ kind: 'check', depth: 'read-data' });
});
