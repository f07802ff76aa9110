import { expect, it } from 'vitest';
import { rcloneError } from '../../../main/rclone/rclone-errors.ts';

it.each([
  ["didn't find section in config file", 'rclone/remote-unknown'],
  ['write /mnt/x/data/ab/z: no space left on device', 'store/full'],
  ["googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded", 'store/full'],
  ['open /mnt/x: read-only file system', 'store/read-only'],
  ['open /srv/x: permission denied', 'store/denied'],
  [
    "couldn't connect SSH: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password]",
    'store/denied',
  ],
  ['read metadata failed: Propfind "http://h/x": Unauthorized: 401 Unauthorized', 'store/denied'],
  ['AccessDenied: Access Denied\n\tstatus code: 403', 'store/denied'],
  [
    'read metadata failed: Propfind "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
    'store/unreachable',
  ],
  ["NewFs: couldn't connect SSH: dial tcp 10.0.0.9:22: i/o timeout", 'store/unreachable'],
  ['dial tcp: lookup nowhere.invalid: no such host', 'store/unreachable'],
  ['read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer', 'store/unreachable'],
  ['Put "http://h/x": net/http: HTTP/1.x transport connection broken: unexpected EOF', 'store/unreachable'],
  ['NoSuchBucket: The specified bucket does not exist', 'store/bad-location'],
  ["googleapi: Error 403: Quota exceeded for quota metric 'Queries' per minute, rateLimitExceeded", 'rclone/failed'],
  ['Put "http://h/x": 507 Insufficient Storage: 507 Insufficient Storage', 'store/full'],
  ['Move call failed: 503 Service Unavailable', 'store/unreachable'],
  // Numbers in the name of an object say nothing.
  [
    `Put "http://h/data/a5/${'a507'.repeat(16)}": dial tcp 127.0.0.1:1: connect: connection refused`,
    'store/unreachable',
  ],
  [`Move "http://h/data/a5/${'a503'.repeat(16)}": 412 Precondition Failed`, 'rclone/failed'],
  ['something that nobody has seen', 'rclone/failed'],
] as const)('%s means %s', (text, code) => {
  expect(rcloneError('rclone:x:y', text)).toMatchObject({ code });
});

it('repeats no password that rclone repeats', () => {
  const error = rcloneError('rclone:x:y', 'odd: http://me:hunter2@host/x :sftp,user=u,pass="hunter2":x token=hunter2');
  expect(JSON.stringify([error.message, error.data])).not.toContain('hunter2');
});
