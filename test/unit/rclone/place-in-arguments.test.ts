import { expect, it } from 'vitest';
import { placeInArguments } from '../../../main/rclone/place-in-arguments.ts';

it.each([
  ['cloud:backup', 'cloud:backup/'],
  ['cloud:', 'cloud:'],
  ['my cloud ü:a b', 'my cloud ü:a b/'],
  ['/mnt/backup', '/mnt/backup/'],
  [':local:/mnt/backup', ':local:/mnt/backup/'],
])('names %s as it is', (remote, argument) => {
  expect(placeInArguments(remote)).toEqual({ argument, variables: {}, shown: remote });
});

it.each([
  [':sftp,host=h,pass=hunter2:path/x', ':sftp,host=h,pass=hunter2:path/x/'],
  [':sftp,pass="hunter2, with "" and :":', ':sftp,pass="hunter2, with "" and :":'],
  ["dav,pass='hunter2':path", "dav,pass='hunter2':path/"],
  ['my cloud,pass=hunter2:path', 'my cloud,pass=hunter2:path/'],
  [':crypt,remote=":sftp,pass=hunter2:x",password=x:config', ':crypt,remote=":sftp,pass=hunter2:x",password=x:config'],
  [':http:https://me:hunter2@host/x', ':http:https://me:hunter2@host/x/'],
  // Not whole, so that rclone refuses it; by then it would have been seen.
  [':sftp,pass="hunter2:path', ':sftp,pass="hunter2:path/'],
  [':sf/tp,pass=hunter2:path', ':sf/tp,pass=hunter2:path/'],
])('passes %s by the environment', (remote, goal) => {
  const { argument, variables, shown } = placeInArguments(remote);
  expect(argument).toMatch(/^triplicate_[0-9a-f]{16}:$/);
  const prefix = `RCLONE_CONFIG_${argument.slice(0, -1).toUpperCase()}`;
  expect(variables).toEqual({ [`${prefix}_TYPE`]: 'alias', [`${prefix}_REMOTE`]: goal });
  expect(shown).not.toContain('hunter2');
});

it('refuses what an alias on Windows would change, and says what to do', () => {
  const changed = ':smb,user="DOMAIN\\me",pass=hunter2:share';
  const refused = expect.objectContaining({
    code: 'store/bad-location',
    message: expect.not.stringContaining('hunter2'),
    hint: expect.stringContaining('rclone config'),
  });
  expect(() => placeInArguments(changed, 'win32')).toThrow(refused);
  expect(placeInArguments(changed, 'linux').variables).not.toEqual({});
  expect(placeInArguments('C:\\backup, old', 'win32').variables).not.toEqual({});
});
