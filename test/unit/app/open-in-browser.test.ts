import { readFile, stat } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { openInBrowser } from '../../../main/app/open-in-browser.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

it('hands the browser a page that only this user can read, never the token itself', async () => {
  const folder = await temporaryFolder('browser');
  const given: string[] = [];
  const remove = await openInBrowser('http://127.0.0.1:1/#token=secret', folder.path, (file) => given.push(file));
  const [file = ''] = given;
  expect(file).not.toContain('secret');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toContain('content="0;url=http://127.0.0.1:1/#token=secret"');
  await remove();
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  await folder.remove();
});
