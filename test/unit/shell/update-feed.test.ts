import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { isFeed } from '../../../main/shell/update-feed.ts';

const written = (url: string) =>
  `provider: generic\nurl: ${url}\nchannel: latest\nupdaterCacheDirName: triplicate-updater\n`;

it('takes the address that a release sets', () => {
  expect(isFeed(written('https://updates.example.org/triplicate'))).toBe(true);
  expect(isFeed(written("'https://updates.example.org/triplicate'"))).toBe(true);
});

it('asks nobody without one, over an open line, or at the address of the sources', async () => {
  expect(isFeed('')).toBe(false);
  expect(isFeed(written('http://updates.example.org/triplicate'))).toBe(false);
  const settings = await readFile(new URL('../../../electron-builder.yml', import.meta.url), 'utf8');
  const address = /^publish:[\s\S]*?url: (\S+)/m.exec(settings)?.[1] ?? '';
  expect(address).toMatch(/^https:/);
  expect(isFeed(written(address))).toBe(false);
});
