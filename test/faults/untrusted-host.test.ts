import { randomBytes } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '../../main/app/open-store.ts';
import { systemClock } from '../../main/app/system.ts';
import { CONFIG_FILE } from '../../main/engine/store/store.ts';
import { type RcloneRemotes, startRcloneRemotes } from '../support/rclone-remotes.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

/** A server that is not the one it was: set up anew, or another machine in its place. */

let scratch: TemporaryFolder;
let remotes: RcloneRemotes;
let knownHosts: string;
beforeEach(async () => {
  scratch = await temporaryFolder('untrusted-host');
  remotes = await startRcloneRemotes(scratch.path, ['sftp']);
  knownHosts = join(scratch.path, 'known_hosts');
  await appendFile(remotes.configFile, `\n[checked]\ntype = alias\nremote = sftp,known_hosts_file="${knownHosts}":\n`);
});
afterEach(async () => {
  await remotes.close();
  await scratch.remove();
});

/** A line of `known_hosts` with the key of nobody. */
function anotherKey(): string {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  const key = Buffer.concat([field(Buffer.from('ssh-ed25519')), field(randomBytes(32))]);
  return `[127.0.0.1]:${remotes.ports.sftp} ssh-ed25519 ${key.toString('base64')}\n`;
}

it.each([
  ['another host key', anotherKey, /another host key than the one that is known/],
  ['a host key that nobody has confirmed', () => '', /not one that is known/],
])('is refused with %s, and not taken for one that is away', { timeout: 60_000 }, async (_case, known, words) => {
  await writeFile(knownHosts, known());
  const variables = { PATH: process.env.PATH, HOME: scratch.path, ...remotes.env };
  const store = await openStore('rclone:checked:repository', { clock: systemClock, variables });
  try {
    const refused = { code: 'rclone/host-untrusted', retry: 'never', message: expect.stringMatching(words) };
    await expect(store.get(CONFIG_FILE)).rejects.toMatchObject(refused);
    await expect(store.list('snapshots')).rejects.toMatchObject(refused);
    await expect(store.stat()).rejects.toMatchObject(refused);
  } finally {
    await store.close();
  }
});
