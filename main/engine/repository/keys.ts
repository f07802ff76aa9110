import { hasCode, TriplicateError } from '../errors.ts';
import type { Key } from '../format/crypto.ts';
import { createKeyFile, DEFAULT_SCRYPT, openKeyFile, parseKeyFile } from '../format/key-file.ts';
import { formatTime } from '../format/time.ts';
import type { KeyId } from '../ids.ts';
import type { WriteStore } from '../store/store.ts';
import { withLock } from './locks.ts';
import type { EngineHost, Repository } from './repository.ts';
import { hexSha256 } from './sha256.ts';

/** restic gives up after this many key files; a repository with more is not opened by it either. */
export const MAX_KEYS = 20;

/** A key file as it can be read without its passphrase. */
export interface StoredKey {
  readonly id: KeyId;
  /** Whether the repository was opened with it. */
  readonly use: 'this' | 'other' | 'unreadable';
  readonly created?: string;
  readonly hostname?: string;
  readonly username?: string;
}

export interface NewKey {
  readonly passphrase: string;
  /** Cost of the key derivation; tests take less than the default. */
  readonly scrypt?: { readonly N: number; readonly r: number; readonly p: number };
}

/** All key files, the oldest first. @throws `store/…` */
export async function listKeys({ store, keyId }: Repository, signal?: AbortSignal): Promise<readonly StoredKey[]> {
  const files = await store.list('keys', signal);
  const keys = await Promise.all(
    files.map(async ({ id }): Promise<StoredKey> => {
      const known = { id: id as KeyId, use: id === keyId ? 'this' : 'other' } as const;
      try {
        const { created, hostname, username } = parseKeyFile(await store.get({ type: 'keys', id }, undefined, signal));
        return {
          ...known,
          ...(created === undefined ? {} : { created }),
          ...(hostname === undefined ? {} : { hostname }),
          ...(username === undefined ? {} : { username }),
        };
      } catch (error) {
        if (!hasCode(error, 'repo/damaged', 'store/corrupt')) throw error;
        return { ...known, use: 'unreadable' };
      }
    }),
  );
  return keys.sort((a, b) => (a.created ?? '').localeCompare(b.created ?? '') || (a.id < b.id ? -1 : 1));
}

/**
 * Lets one more passphrase open the repository; what is stored stays as it is. The new key file is read back and opened
 * before this returns. @throws `repo/too-many-keys`, `repo/locked`, `usage` for an empty passphrase, `store/…`
 */
export function addKey(repository: Repository, wanted: NewKey, signal?: AbortSignal): Promise<KeyId> {
  return withLock(repository, 'shared', (held, locked) => storeKey(locked, wanted, held), lockOptions(signal));
}

/**
 * Gives the id that was removed. Never the last one, also when two programs remove each other's key at once.
 * @throws `repo/key-not-found`, `repo/key-in-use`, `repo/locked`, `store/…`
 */
export function removeKey(repository: Repository, wanted: string, signal?: AbortSignal): Promise<KeyId> {
  const remove = async (held: AbortSignal, locked: Repository): Promise<KeyId> => {
    const ids = (await keysWithOurs(locked, held)).filter((id) => id.startsWith(wanted));
    const [id] = ids;
    if (id === undefined || ids.length > 1 || wanted === '') {
      throw new TriplicateError(
        'repo/key-not-found',
        `${ids.length > 1 ? 'More than one' : 'No'} key is called ${wanted}.`,
      );
    }
    if (id === repository.keyId) {
      throw new TriplicateError('repo/key-in-use', 'This is the key that the repository was opened with just now.');
    }
    await removeForGood(locked, id as KeyId, held);
    return id as KeyId;
  };
  return withLock(repository, 'exclusive', remove, lockOptions(signal));
}

/**
 * Replaces the passphrase that the repository was opened with: the new key is durable and proven before the old one goes,
 * so that an interruption leaves both. @throws as `addKey`, `repo/key-not-found` when the old one is gone already
 */
export function changePassphrase(repository: Repository, wanted: NewKey, signal?: AbortSignal): Promise<KeyId> {
  const change = async (held: AbortSignal, locked: Repository): Promise<KeyId> => {
    await keysWithOurs(locked, held);
    const id = await storeKey(locked, wanted, held);
    await removeForGood(locked, repository.keyId, held);
    return id;
  };
  return withLock(repository, 'exclusive', change, lockOptions(signal));
}

/**
 * The ids of all keys, that of the one that the repository was opened with among them: as long as that stays, no removal takes
 * the last one. Only under an exclusive lock, before which another program may have removed it.
 * @throws `repo/key-not-found` when it is gone
 */
async function keysWithOurs({ store, keyId }: Repository, signal: AbortSignal): Promise<readonly string[]> {
  const ids = (await store.list('keys', signal)).map(({ id }) => id);
  if (ids.includes(keyId)) return ids;
  throw new TriplicateError(
    'repo/key-not-found',
    `The key that the repository was opened with, ${keyId.slice(0, 8)}, was removed by another program meanwhile.`,
    { hint: 'Nothing was removed or changed. Start again with a passphrase that still opens the repository.' },
  );
}

/**
 * A place that keeps what it was told to remove, and says otherwise, would leave somebody in whom the person wants out.
 * @throws `store/denied` when the key is still there; `store/…`
 */
async function removeForGood({ store }: Repository, id: KeyId, signal: AbortSignal): Promise<void> {
  await store.remove({ type: 'keys', id }, signal);
  try {
    await store.get({ type: 'keys', id }, undefined, signal);
  } catch (error) {
    if (hasCode(error, 'store/not-found')) return;
    throw error;
  }
  throw new TriplicateError(
    'store/denied',
    `${store.location} says that it has removed key ${id.slice(0, 8)}, and still has it: its passphrase still opens the repository.`,
    {
      hint: 'Remove the file of that name in keys/ at the place itself. A new passphrase that was set opens it as well.',
    },
  );
}

/** Writes a key file for this master key. @throws `store/…` */
export async function writeKeyFile(
  store: WriteStore,
  masterKey: Key,
  wanted: NewKey,
  host: EngineHost,
  signal?: AbortSignal,
): Promise<KeyId> {
  const created = host.clock.now();
  const keyFile = await createKeyFile({
    passphrase: wanted.passphrase,
    masterKey,
    params: wanted.scrypt ?? DEFAULT_SCRYPT,
    created: formatTime(created, host.utcOffsetMinutes(created)),
    hostname: host.hostname,
    username: host.username,
    random: host.random,
  });
  const keyId = hexSha256(keyFile) as KeyId;
  await store.put({ type: 'keys', id: keyId }, keyFile, signal);
  return keyId;
}

async function storeKey(repository: Repository, wanted: NewKey, signal: AbortSignal): Promise<KeyId> {
  const { store, key, host } = repository;
  if (wanted.passphrase === '') throw new TriplicateError('usage', 'An empty passphrase would protect nothing.');
  if ((await store.list('keys', signal)).length >= MAX_KEYS) {
    throw new TriplicateError('repo/too-many-keys', `The repository has ${MAX_KEYS} keys; restic tries no more.`);
  }
  const id = await writeKeyFile(store, key, wanted, host, signal);
  const stored = await openKeyFile(await store.get({ type: 'keys', id }, undefined, signal), wanted.passphrase);
  if (Buffer.compare(stored.encrypt, key.encrypt) !== 0) {
    throw new TriplicateError('repo/damaged', 'The new key file was not stored as it was written.', {
      hint: 'The old passphrase is still good. Check the destination, then try again.',
    });
  }
  return id;
}

function lockOptions(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal ? { signal } : {};
}
