/** `node scripts/render-icons.ts`: renders assets/icon.svg into the PNGs that packages and the tray need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const assets = join(import.meta.dirname, '..', 'assets');
const logo = readFileSync(join(assets, 'icon.svg'), 'utf8');

/** The tray shows the state of the data as a dot in the corner; `empty` has none. */
const TRAY = { good: '#2fb344', working: '#1c7ed6', attention: '#f08c00', empty: undefined } as const;

const browser = await chromium.launch({
  executablePath: process.env.TRIPLICATE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const page = await browser.newPage();
await render('icon.png', 1024, logo);
for (const [name, colour] of Object.entries(TRAY)) {
  const dot = colour ? `<circle cx="400" cy="400" r="104" fill="${colour}" stroke="#fff" stroke-width="28"/>` : '';
  await render(join('tray', `${name}.png`), 44, logo.replace('</svg>', `${dot}</svg>`));
}
await browser.close();

async function render(file: string, size: number, svg: string): Promise<void> {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  await page.screenshot({ path: join(assets, file), omitBackground: true });
}
