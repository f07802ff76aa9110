import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolder } from '../../../../main/engine/store/make-folder.ts';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.ts';

let scratch: TemporaryFolder;
beforeEach(async () => {
  scratch = await temporaryFolder('make-folder');
});
afterEach(() => scratch.remove());

it('makes what is missing on the way, with the mode, and is content with what is there', () => {
  const path = join(scratch.path, 'a', 'b', 'c');
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

it('says so when a file is in the way', () => {
  writeFileSync(join(scratch.path, 'file'), '');
  expect(() => makeFolder(join(scratch.path, 'file'))).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  expect(() => makeFolder(join(scratch.path, 'file', 'below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
});

it.skipIf(!existsSync('/proc/self'))('comes back where the system makes no folders', () => {
  expect(() => makeFolder('/proc/nothing/here')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});
