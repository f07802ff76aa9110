import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { LONG } from './long.ts';
import { oneBrowser } from './one-browser.ts';
import { openView, VIEWS } from './screenshots.ts';

/**
 * Each theme and each size meets every rule. The two other pairs can differ from those in colours alone, and only where
 * a size shows what the other does not: they are looked at with TRIPLICATE_LONG=1.
 */
const OTHERS = LONG ? 'colours' : 'none';
const LOOKS = [
  { scheme: 'light', width: 1280, height: 800, rules: 'all' },
  { scheme: 'dark', width: 1280, height: 800, rules: OTHERS },
  { scheme: 'dark', width: 900, height: 600, rules: 'all' },
  { scheme: 'light', width: 900, height: 600, rules: OTHERS },
] as const;

/**
 * Tests of every screen and state whose name fits, in both sizes, light and dark: no axe violation, no console error, no
 * sideways scrolling. The files that call it share the views out, so that they run side by side.
 */
export function testLooks(names: RegExp): void {
  const chromium = oneBrowser();
  test.each(VIEWS.filter(({ name }) => names.test(name)))('$name is accessible, quiet and fits', async (view) => {
    const { page, noise, close } = await openView(chromium.browser, view, LOOKS[0]);
    try {
      for (const { scheme, width, height, rules } of LOOKS) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.setViewportSize({ width, height });
        await page.waitForTimeout(120);
        const look = `${scheme} at ${width}x${height}`;
        expect(await overflow(page), `sideways overflow, ${look}`).toEqual([]);
        expect(await violations(page, rules), `axe, ${look}`).toEqual([]);
      }
      expect(noise).toEqual([]);
    } finally {
      await close();
    }
  });
}

/** Every rule of axe. A menu alone may float outside the page's landmarks: it is a popup of the button that opens it. */
async function violations(page: Page, rules: 'all' | 'colours' | 'none'): Promise<readonly string[]> {
  if (rules === 'none') return [];
  // There are no frames, so the pages that axe would open to gather their results are left out: half of the time.
  // What passes needs no description either: a third of the rest.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  const found = await (rules === 'all' ? axe : axe.withRules(['color-contrast'])).analyze();
  const words: string[] = [];
  for (const { id, nodes } of found.violations) {
    for (const node of nodes) {
      if (id === 'region' && (await isInMenu(page, String(node.target[0])))) continue;
      words.push(`${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? node.all[0]?.message ?? ''}`);
    }
  }
  return words;
}

const isInMenu = (page: Page, selector: string) =>
  page.evaluate((one) => document.querySelector(one)?.closest('[role=menu]') != null, selector);

/** What reaches beyond the window, or scrolls sideways although it should not. */
function overflow(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const wide = document.documentElement.scrollWidth > window.innerWidth ? ['the page'] : [];
    const inner = ['main', '#content', '[role=dialog]'].flatMap((selector) =>
      [...document.querySelectorAll(selector)]
        .filter((element) => element.scrollWidth > element.clientWidth + 1)
        .map(() => selector),
    );
    return [...wide, ...inner];
  });
}
