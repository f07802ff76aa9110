import { constants } from 'node:os';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
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
  ['EFBIG', 'write', 'store/denied'],
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

const { EDQUOT, ESTALE, EBADMSG, EMFILE } = constants.errno;

it.each([
  [EDQUOT, 'write', 'store/full', 'quota'],
  [ESTALE, 'list', 'store/unreachable', 'network file system'],
  [EBADMSG, 'read', 'store/corrupt', 'read error'],
  [117, 'read', 'store/corrupt', 'read error'],
  [121, 'write', 'store/unreachable', 'input/output error'],
  [123, 'list', 'store/unreachable', 'no medium'],
  [EMFILE, 'read', 'store/unreachable', 'too many open files'],
] as const)('system error %i as Node gives it while trying to %s is %s', (errno, action, expected, words) => {
  if (errno > 116 && process.platform !== 'linux') return;
  const code = getSystemErrorName(-errno);
  const text = `${code}: ${getSystemErrorMessage(-errno)}, ${action}`;
  const error = fileError(Object.assign(new Error(text), { errno: -errno, code }), action, '/mnt/disk/x');
  expect(error).toMatchObject({ code: expected, message: expect.stringContaining(words) });
});

it('passes our own errors on unchanged', () => {
  const own = new TriplicateError('store/not-found', 'gone');
  expect(fileError(own, 'read', '/x')).toBe(own);
});
