import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sodium from 'libsodium-wrappers-sumo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import { TriplicateError } from '../../main/engine/errors.ts';
import { CONFIG_FILE } from '../../main/engine/store/store.ts';
import { ResticSession } from '../../main/rclone/restic-session.ts';
import { holdControl } from '../../main/rclone/shared-control.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

let scratch: TemporaryFolder;
let config: string;

/** As rclone writes it: nonce and NaCl secretbox under the hash of the bracketed password. */
async function encryptedConfig(text: string, password: string): Promise<string> {
  await sodium.ready;
  const key = createHash('sha256').update(`[${password}][rclone-config]`).digest();
  const nonce = randomBytes(24);
  const box = Buffer.concat([nonce, sodium.crypto_secretbox_easy(text, nonce, key)]);
  return `# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n${box.toString('base64')}\n`;
}

beforeEach(async () => {
  scratch = await temporaryFolder('rclone-config');
  config = join(scratch.path, 'rclone.conf');
  const place = join(scratch.path, 'place');
  await mkdir(place);
  await writeFile(config, await encryptedConfig(`[sealed]\ntype = alias\nremote = ${place}\n`, 'open sesame'));
});
afterEach(() => scratch.remove());

const open = (secret: Record<string, string>) =>
  openStore('rclone:sealed:repository', {
    clock: systemClock,
    variables: { PATH: process.env.PATH, HOME: scratch.path, RCLONE_CONFIG: config, ...secret },
  });

it('works with the password of an encrypted configuration', async () => {
  const store = await open({ RCLONE_CONFIG_PASS: 'open sesame' });
  expect((await store.stat()).repository).toBe('absent');
  await store.close();
});

it.each([{}, { RCLONE_CONFIG_PASS: 'wrong' }])('says so at once when it cannot be read: %o', async (secret) => {
  const store = await open(secret);
  const started = performance.now();
  await expect(store.stat()).rejects.toMatchObject({ code: 'rclone/config-unreadable' });
  expect(performance.now() - started).toBeLessThan(20_000);
  await store.close();
});

describe('of a remote that is configured wrongly', () => {
  const INVALID = 'rclone/remote-invalid';
  const CONFIG = `
[kind]
type = nosuch
[plain]
type = webdav
url = http://127.0.0.1:1
pass = hunter3
[option]
type = local
nounc = hunter3
[open crypt]
type = crypt
remote = /nowhere
[nothing]
type = alias
[signed out]
type = drive
[without address]
type = webdav
[gone]
type = sftp
host = 127.0.0.1
port = 1
user = me
pass = 5TFdYZ4cCjz3xWMKpTHJ5RGrsPuRxQ
`;
  /** Nobody waits longer for what cannot change. */
  const AT_ONCE_MS = 10_000;
  let variables: NodeJS.ProcessEnv;
  beforeEach(async () => {
    await writeFile(config, CONFIG);
    variables = { PATH: process.env.PATH, HOME: scratch.path, RCLONE_CONFIG: config };
  });

  it.each([
    ['kind:repository', INVALID, /knows no such kind of remote \(nosuch\)/],
    ['plain:repository', INVALID, /not obscured/],
    ['option:repository', INVALID, /value that rclone cannot read \(nounc\)/],
    ['open crypt:repository', INVALID, /has no password/],
    ['nothing:repository', INVALID, /names no other place/],
    ['signed out:repository', INVALID, /no login/],
    ['without address:repository', INVALID, /address .* missing/],
    [':nosuch:/repository', INVALID, /knows no such kind of remote \(nosuch\)/],
    [':webdav,url="http://127.0.0.1:1",pass=hunter3:repository', INVALID, /not obscured/],
    ['bad!name:repository', 'store/bad-location', /cannot read this name/],
  ])('says so at once: %s', { timeout: 30_000 }, async (remote, code, words) => {
    const store = await openStore(`rclone:${remote}`, { clock: systemClock, variables });
    try {
      const begun = performance.now();
      const error: unknown = await store.get(CONFIG_FILE).catch((reason: unknown) => reason);
      expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
      expect(error).toMatchObject({ code, message: expect.stringMatching(words), retry: 'never' });
      const shown = error instanceof TriplicateError ? [error.message, error.hint, error.data] : error;
      expect(JSON.stringify(shown)).not.toContain('hunter3');
    } finally {
      await store.close();
    }
  });

  /** What the process that moves bytes says by itself, request after request. */
  async function answersOf(remote: string): Promise<readonly unknown[]> {
    const { binary, environment, release } = await holdControl(variables);
    const session = new ResticSession({ binary, environment, remote });
    const errors: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const request = { method: 'GET', path: '/config' } as const;
      errors.push(await session.request(request).catch((error: unknown) => error));
    }
    await session.close();
    await release();
    return errors;
  }

  it.each(['plain:repository', ':webdav,url="http://127.0.0.1:1",pass=hunter3:repository'])(
    'the process that moves bytes is believed the second time: %s',
    async (remote) => {
      const errors = await answersOf(remote);
      expect(errors).toMatchObject([{ code: 'store/unreachable' }, { code: INVALID }, { code: INVALID }]);
      for (const error of errors) expect(String(error)).not.toContain('hunter3');
    },
  );

  it('a server that does not answer is no fault of the configuration', { timeout: 30_000 }, async () => {
    const away = { code: 'store/unreachable' };
    expect(await answersOf('gone:repository')).toMatchObject([away, away, away]);
  });
});
