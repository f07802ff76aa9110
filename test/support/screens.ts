import type { Page } from 'playwright-core';
import { afterEach } from 'vitest';
import { type FakeServer, serveFake } from './fake-server.ts';
import type { Scenario } from './fake-world.ts';
import { oneBrowser } from './one-browser.ts';

export interface OpenScreen {
  readonly page: Page;
  readonly app: FakeServer['app'];
  /** Where the interface is served. */
  readonly address: string;
}

/**
 * Gives what opens the interface at a path of it, once in each test of the file that calls this; what is open ends with the
 * test. `prepare` comes before anything is shown; `stepMs` is how long one step of the double's runs takes.
 */
export function screens(viewport: { readonly width: number; readonly height: number }) {
  const chromium = oneBrowser();
  let server: FakeServer | undefined;
  afterEach(async () => {
    for (const context of chromium.browser.contexts()) await context.close();
    await server?.close();
  });
  return async (
    scenario: Scenario,
    path: string,
    prepare: (app: FakeServer['app'], page: Page) => unknown = () => undefined,
    stepMs = 30,
  ): Promise<OpenScreen> => {
    server = await serveFake({ scenario, stepMs });
    const { address, app } = server;
    const context = await chromium.browser.newContext({ reducedMotion: 'reduce', viewport });
    const page = await context.newPage();
    await prepare(app, page);
    await page.goto(`${address}/#${path}`);
    await page.locator('h1').first().waitFor();
    return { page, app, address };
  };
}
