import { createHash, randomBytes, scrypt } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { beginLocalKey } from '../../../main/cli/repo/begin-key.ts';
import { beginKey, createKeyFile, generateMasterKey, openKeyFile } from '../../../main/engine/format/key-file.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts';

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return { ...crypto, scrypt: vi.fn(crypto.scrypt) };
});
const derivations = vi.mocked(scrypt);

const PASSPHRASE = 'correct horse';
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length));

let scratch: TemporaryFolder;
let location: string;
let keyFile: Uint8Array;
beforeEach(async () => {
  scratch = await temporaryFolder('begin-key');
  location = join(scratch.path, 'repository');
  keyFile = await makeKeyFile();
  await mkdir(join(location, 'keys'), { recursive: true });
  await writeFile(join(location, 'keys', createHash('sha256').update(keyFile).digest('hex')), keyFile);
  vi.stubEnv('TRIPLICATE_PASSWORD', PASSPHRASE);
  derivations.mockClear();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await scratch.remove();
});

function makeKeyFile(N = 1024, randomBytesOf = random): Promise<Uint8Array> {
  const made = { created: '2026-11-23T05:17:07.223120485Z', hostname: 'vm', username: 'root' };
  const secrets = { passphrase: PASSPHRASE, masterKey: generateMasterKey(random) };
  return createKeyFile({ ...made, ...secrets, params: { N, r: 8, p: 1 }, random: randomBytesOf });
}

/** How many keys are derived before the command opens the repository, and then. */
async function derivedFor(words: readonly string[], passphrase = PASSPHRASE): Promise<readonly [number, number]> {
  derivations.mockClear();
  beginLocalKey(words);
  await Promise.resolve();
  const before = derivations.mock.calls.length;
  await openKeyFile(keyFile, passphrase);
  return [before, derivations.mock.calls.length - before];
}

it.each([
  ['at once', () => ['repo', 'snapshots', location]],
  ['behind options', () => ['--json', 'repo', 'restore', '--sparse', location, 'latest']],
  ['of a command of two words', () => ['repo', 'key', 'list', location]],
])('derives the key ahead, once, for a repository that is named %s', async (_, words) => {
  expect(await derivedFor(words())).toEqual([1, 0]);
});

it('begins nothing where it does not know the passphrase, or no repository', async () => {
  expect(await derivedFor(['repo', 'snapshots', join(scratch.path, 'nothing')])).toEqual([0, 1]);
  expect(await derivedFor(['repo', 'snapshots', '--password-file', 'secret', location])).toEqual([0, 1]);
  expect(await derivedFor(['repo', 'backup', 'rest:http://localhost/', location])).toEqual([0, 1]);
  expect(await derivedFor(['repo', 'backup', '--help', location])).toEqual([0, 1]);
  vi.stubEnv('TRIPLICATE_PASSWORD', '');
  expect(await derivedFor(['repo', 'snapshots', location])).toEqual([0, 1]);
});

it('derives another key for another salt or cost', async () => {
  const sameSalt = (length: number): Uint8Array => new Uint8Array(length).fill(1);
  const file = await makeKeyFile(1024, sameSalt);
  for (const other of [await makeKeyFile(1024), await makeKeyFile(2048, sameSalt)]) {
    beginKey(file, PASSPHRASE);
    await expect(openKeyFile(other, PASSPHRASE)).resolves.toBeDefined();
  }
});

it('opens with the passphrase that it is given, not with the one that was begun with', async () => {
  beginLocalKey(['repo', 'snapshots', location]);
  await expect(openKeyFile(keyFile, 'another')).rejects.toMatchObject({ code: 'repo/wrong-passphrase' });
  await openKeyFile(keyFile, PASSPHRASE);
  // What was begun is gone with the first question.
  expect(derivations).toHaveBeenCalledTimes(3);
});
