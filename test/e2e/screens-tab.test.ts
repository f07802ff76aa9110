import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { oneBrowser } from '../support/one-browser.ts';
import { openView, VIEWS } from '../support/screenshots.ts';

/** The Tab key alone: it reaches all that can be pressed, shows where it is, and gets out again. */

const NAMES = [
  'home-good',
  'home-trouble',
  'home-add-folder',
  'home-choose-folder',
  'history-browse',
  'history-search',
  'history-versions',
  'history-restore',
  'destinations-trouble',
  'destinations-add',
  'destinations-edit',
  'activity-good',
  'activity-report',
  'settings-kit',
  'guide-2-folders',
  'guide-5-passphrase',
  'unlock',
];

const chromium = oneBrowser();

test.each(VIEWS.filter(({ name }) => NAMES.includes(name)))('$name', async (view) => {
  const { page, close } = await openView(chromium.browser, view, { scheme: 'light', width: 900, height: 600 });
  try {
    const all = await markTabStops(page);
    const seen = new Set<string>();
    const unseen: string[] = [];
    for (let press = 0; press < all.length * 2 + 6 && seen.size < all.length; press += 1) {
      await page.keyboard.press('Tab');
      const at = await whereFocusIs(page);
      if (at === null) continue;
      if (at.stop !== null) seen.add(at.stop);
      if (at.problem !== null) unseen.push(`${at.name}: ${at.problem}`);
    }
    expect(
      all.filter(({ stop }) => !seen.has(stop)).map(({ name }) => name),
      'never reached',
    ).toEqual([]);
    expect([...new Set(unseen)], 'focus not visible').toEqual([]);
  } finally {
    await close();
  }
});

/** Numbers what Tab should reach: in the topmost window where one is open, else on the whole page. */
function markTabStops(page: Page): Promise<readonly { readonly stop: string; readonly name: string }[]> {
  return page.evaluate(() => {
    const dialogs = [...document.querySelectorAll('[role=dialog]')].filter((one) => one.checkVisibility());
    const root = dialogs.find((one) => one.contains(document.activeElement)) ?? dialogs.at(-1) ?? document.body;
    const stops = [
      ...root.querySelectorAll<HTMLElement>('a[href], button, input, select, textarea, [tabindex]'),
    ].filter((element) => {
      if (element.tabIndex < 0 || element.matches(':disabled') || element.closest('[inert], [data-focus-guard]'))
        return false;
      // Of a group of radio buttons, the chosen one (or any) stands for all.
      if (element instanceof HTMLInputElement && element.type === 'radio') {
        const group = [...document.querySelectorAll<HTMLInputElement>(`input[type=radio][name="${element.name}"]`)];
        return element === (group.find(({ checked }) => checked) ?? group[0]);
      }
      return element.checkVisibility();
    });
    return stops.map((element, index) => {
      element.dataset.stop = String(index);
      return { stop: String(index), name: element.outerHTML.slice(0, 120) };
    });
  });
}

/** What has the focus; `problem` when a person could not see that it has. */
function whereFocusIs(
  page: Page,
): Promise<{ readonly stop: string | null; readonly name: string; readonly problem: string | null } | null> {
  return page.evaluate(async () => {
    // Two frames: what comes into sight with the focus has to be drawn.
    for (const _frame of [1, 2]) await new Promise((resolve) => requestAnimationFrame(resolve));
    const element = document.activeElement;
    if (!(element instanceof HTMLElement) || element === document.body) return null;
    if (element.hasAttribute('data-focus-guard')) return null;
    const name = element.outerHTML.slice(0, 120);
    const box = element.getBoundingClientRect();
    const outside = box.bottom <= 0 || box.right <= 0 || box.top >= innerHeight || box.left >= innerWidth;
    // The mark may be drawn on the element, on what is painted in its place, or on the frame around it.
    const near = [
      element,
      element.nextElementSibling,
      element.parentElement,
      element.parentElement?.nextElementSibling,
    ];
    const marked = near.some((one) => {
      if (one == null) return false;
      const style = getComputedStyle(one);
      const outline = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
      return outline || style.boxShadow !== 'none' || one.matches('input, textarea, :has(> input)');
    });
    const problem = outside ? 'outside the window' : marked ? null : 'no visible mark';
    return { stop: element.dataset.stop ?? null, name, problem };
  });
}
