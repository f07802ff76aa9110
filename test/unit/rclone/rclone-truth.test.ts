import { expect, it } from 'vitest';
import { RcloneTruth } from '../../../main/rclone/rclone-truth.ts';
import type { RcloneAnswer } from '../../../main/rclone/remote-control.ts';

const from = 'data/5a/5a65-tmp-t01';
const to = 'data/5a/5a65';

/** How a remote with these settings is asked to move a pack, and how uploads to it appear. */
async function moveAt(
  remote: string,
  settings: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>> = {},
) {
  const calls: { readonly method: string; readonly parameters: object }[] = [];
  const answers: Readonly<Record<string, object>> = {
    'operations/fsinfo': { Features: { Move: true, DuplicateFiles: false } },
    'config/get': settings,
  };
  const control = {
    call: async (method: string, parameters: object): Promise<RcloneAnswer> => {
      calls.push({ method, parameters });
      return { ok: true, value: { ...answers[method] } };
    },
    upload: async (): Promise<RcloneAnswer> => ({ ok: true, value: {} }),
  };
  const truth = new RcloneTruth({ control, environment, remote, location: remote, release: async () => undefined });
  const uploads = await truth.uploads();
  await truth.move(from, to);
  return { uploads, move: calls.find(({ method }) => method === 'operations/movefile')?.parameters };
}

const inOneQueue = (remote: string) => ({ srcFs: `${remote}/`, srcRemote: from, dstFs: `${remote}/`, dstRemote: to });
const inItsFolder = (fs: string) => ({ srcFs: fs, srcRemote: '5a65-tmp-t01', dstFs: fs, dstRemote: '5a65' });

it.each([
  ['cloud:', 'cloud:data/5a/'],
  ['cloud:office/backup', 'cloud:office/backup/data/5a/'],
  ['cloud:office/', 'cloud:office/data/5a/'],
  ['cloud:office:', 'cloud:office:/data/5a/'],
  ['cloud:office/config', 'cloud:office/config/data/5a/'],
])('moves within a folder of %s without the queue of the whole place', async (remote, folder) => {
  const { uploads, move } = await moveAt(remote, { type: 'webdav', vendor: 'nextcloud' });
  expect(uploads).toBe('move');
  expect(move).toMatchObject(inItsFolder(folder));
});

it.each([
  ['signs in for each place', 'cloud:a', { type: 'webdav', vendor: 'sharepoint' }],
  ['asks a command for a token', 'cloud:a', { type: 'webdav', vendor: 'other', bearer_token_command: 'token' }],
  ['is of a vendor that is not known', 'cloud:a', { type: 'webdav' }],
  ['has no such queue', 'cloud:a', { type: 'sftp' }],
  ['is a connection string', ':webdav,url="http://h/":a', {}],
  ['has options beside its name', 'cloud,vendor=other:a', { type: 'webdav', vendor: 'other' }],
])('leaves a place that %s in one queue', async (_, remote, settings) => {
  expect((await moveAt(remote, settings)).move).toMatchObject(inOneQueue(remote));
});

it('knows a remote that only the environment defines', async () => {
  const webdav = { RCLONE_CONFIG_CLOUD_TYPE: 'webdav', RCLONE_CONFIG_CLOUD_VENDOR: 'other' };
  expect((await moveAt('cloud:a', {}, webdav)).move).toMatchObject(inItsFolder('cloud:a/data/5a/'));
  expect((await moveAt('cloud:a', {}, { RCLONE_CONFIG_CLOUD_TYPE: 's3' })).uploads).toBe('whole');
  expect((await moveAt('cloud:a', {}, { RCLONE_CONFIG_CLOUDS_TYPE: 's3' })).uploads).toBe('move');
});
