import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeLocation, parseLocation } from '../../../main/app/location.ts';

it.each([
  ['/mnt/disk/backup', { kind: 'local', path: '/mnt/disk/backup' }],
  ['  /mnt/with space ', { kind: 'local', path: '/mnt/with space' }],
  ['some/folder', { kind: 'local', path: resolve('some/folder') }],
  ['/odd:name', { kind: 'local', path: '/odd:name' }],
  ['~/backup', { kind: 'local', path: join(homedir(), 'backup') }],
  ['file:///mnt/a%20b', { kind: 'local', path: '/mnt/a b' }],
  ['file:/mnt/disk', { kind: 'local', path: '/mnt/disk' }],
  ['rclone:drive:Backups/laptop', { kind: 'rclone', remote: 'drive:Backups/laptop' }],
  ['rclone:my cloud ü:', { kind: 'rclone', remote: 'my cloud ü:' }],
  ['rclone::local:/mnt/x', { kind: 'rclone', remote: ':local:/mnt/x' }],
  ['rclone:/mnt/x', { kind: 'rclone', remote: '/mnt/x' }],
] as const)('reads %s', (text, location) => {
  expect(parseLocation(text)).toEqual(location);
});

it('reads a REST address', () => {
  const location = parseLocation('rest:https://me:secret@host:8000/repo/');
  expect(location.kind === 'rest' && location.url.href).toBe('https://me:secret@host:8000/repo/');
});

it.each(['', '   ', 'rclone:', 'rclone:word', 'rest:ftp://host/', 'rest:', 's3:bucket/x', 'http://host/'])(
  'refuses %j',
  (text) => {
    expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: 'store/bad-location' }));
  },
);

it.each([
  ['/mnt/x', '/mnt/x'],
  ['rclone:drive:Backups', 'rclone:drive:Backups'],
  ['rest:https://me:hunter2@host/repo', 'rest:https://host/repo'],
  ['rest:https://me:hun@ter2@host/repo@home', 'rest:https://host/repo@home'],
  ['rclone::sftp,host=h,user=u,pass=hunter2:path/x', 'rclone::sftp,…:path/x'],
  ['rclone::webdav,url="http://h:1/",pass=hunter2:path', 'rclone::webdav,…:path'],
  ['rclone:dav,pass=hunter2:path', 'rclone:dav,…:path'],
  ['rclone:dav,a,b=,c="x"":,\'",d=\'"\'\':\',pass=hunter2:path:1,x="y', 'rclone:dav,…:path:1,x="y'],
  // What rclone reads as no quote, and what it cannot read at all.
  ['rclone::sftp,user=u,pass=ab"hunter2:path', 'rclone::sftp,…:path'],
  ['rclone::sftp,host=h,pass="hunter2:path', 'rclone::sftp,…'],
  ["rclone::sftp,pass='hunter2'x:path", 'rclone::sftp,…'],
  ['rclone::sftp,pass=hunter2', 'rclone::sftp,…'],
  ['rclone::,pass=hunter2:path', 'rclone::,…:path'],
  ['rest:http://me:an@hunter2@host/repo@1', 'rest:http://host/repo@1'],
])('shows %s as %s', (text, shown) => {
  expect(describeLocation(text)).toBe(shown);
});
