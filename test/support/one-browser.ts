import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { chromiumArguments, chromiumPath } from './chromium.ts';
import { buildRenderer } from './renderer-build.ts';

/** Builds the interface and starts one Chromium for all tests of the file that calls this. It ends with them. */
export function oneBrowser(): { readonly browser: Browser } {
  let browser: Browser | undefined;
  beforeAll(async () => {
    await buildRenderer();
    browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] });
  }, 240_000);
  afterAll(() => browser?.close());
  return {
    get browser() {
      if (browser === undefined) throw new Error('Chromium runs only while a test does.');
      return browser;
    },
  };
}
