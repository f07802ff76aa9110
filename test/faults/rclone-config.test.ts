import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sodium from 'libsodium-wrappers-sumo';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
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
