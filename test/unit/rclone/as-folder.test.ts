import { expect, it } from 'vitest';
import { asFolder } from '../../../main/rclone/as-folder.ts';

it.each([
  ['cloud:backup', 'cloud:backup/'],
  ['cloud:backup/', 'cloud:backup/'],
  ['cloud:office:', 'cloud:office:/'],
  ['/mnt/backup', '/mnt/backup/'],
  [':webdav,url="http://h:80/":backup', ':webdav,url="http://h:80/":backup/'],
  ['cloud,vendor=other:backup', 'cloud,vendor=other:backup/'],
])('names %s as the folder that it is', (remote, folder) => {
  expect(asFolder(remote)).toBe(folder);
});

it.each([
  'cloud:',
  'cloud:a/config',
  'cloud:config',
  ':sftp,host=h:',
  'cloud,vendor=other:',
  ':webdav,url="http://h/":',
])('leaves %s as it is', (remote) => {
  expect(asFolder(remote)).toBe(remote);
});
