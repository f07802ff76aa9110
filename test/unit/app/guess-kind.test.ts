import { expect, it } from 'vitest';
import { guessKind } from '../../../main/app/disks.ts';

it.each([
  ['rclone:box:copies', 'drive', 'cloud', true],
  ['rclone:nas:copies', 'sftp', 'network', false],
  ['rclone:share:copies', 'smb', 'network', false],
  ['rclone:secret:copies', 'crypt', 'network', false],
  ['rclone:unheard-of:copies', null, 'network', false],
  ['rest:http://10.0.0.2:8000/', null, 'network', false],
  ['rest:http://localhost:8000/', null, 'internal', false],
  ['rest:http://me:secret@127.0.0.1:8000/', null, 'internal', false],
  ['rest:http://[::1]:8000/', null, 'internal', false],
] as const)('%s, of type %s, is a %s, off-site: %s', async (location, type, kind, offsite) => {
  expect(await guessKind(location, type)).toEqual({ kind, offsite });
});
