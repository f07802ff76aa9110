import { expect, it } from 'vitest';
import { TriplicateError } from '../../../../main/engine/errors.ts';
import { fileError } from '../../../../main/engine/store/file-errors.ts';

const system = (code: string) => Object.assign(new Error(`${code}: planned`), { code });

it.each([
  ['ENOSPC', 'write', 'store/full'],
  ['EDQUOT', 'write', 'store/full'],
  ['EROFS', 'remove', 'store/read-only'],
  ['EACCES', 'read', 'store/denied'],
  ['EPERM', 'remove', 'store/denied'],
  ['EIO', 'read', 'store/corrupt'],
  ['EIO', 'write', 'store/unreachable'],
  ['EIO', 'list', 'store/unreachable'],
  ['ENODEV', 'list', 'store/unreachable'],
  ['ESTALE', 'read', 'store/unreachable'],
  ['ENOTCONN', 'list', 'store/unreachable'],
  ['ENOTDIR', 'list', 'store/bad-location'],
  ['EWHATEVER', 'read', 'internal'],
] as const)('%s while trying to %s is %s', (code, action, expected) => {
  const error = fileError(system(code), action, '/mnt/disk/x');
  expect(error.code).toBe(expected);
  expect(error.message).toContain('/mnt/disk/x');
});

it('passes our own errors on unchanged', () => {
  const own = new TriplicateError('store/not-found', 'gone');
  expect(fileError(own, 'read', '/x')).toBe(own);
});
