import type { Clock, Nanoseconds, Random } from '../clock.ts';
import { hasCode, TriplicateError } from '../errors.ts';
import { parseConfig, type RepositoryConfig, serialiseConfig } from '../format/config.ts';
import { type Key, open, seal } from '../format/crypto.ts';
import { generateMasterKey, openKeyFile } from '../format/key-file.ts';
import { generatePolynomial } from '../format/polynomial.ts';
import type { KeyId } from '../ids.ts';
import { CONFIG_FILE, type StoredFile, type WriteStore } from '../store/store.ts';
import { MAX_KEYS, writeKeyFile } from './keys.ts';
import { hexSha256 } from './sha256.ts';
import { readNamed } from './unpacked-files.ts';

/** What the engine asks of the machine it runs on; passed in, so that tests decide it. */
export interface EngineHost {
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
  /** The same for all processes that see each other's numbers, and for no others; absent where that is not known. */
  readonly machine?: string;
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  processExists(pid: number): boolean;
  /** Minutes east of UTC at that instant; restic writes times with the local offset. */
  utcOffsetMinutes(at: Nanoseconds): number;
}

/** An opened repository: its parameters and the key that seals everything in it. */
export interface Repository {
  readonly store: WriteStore;
  readonly config: RepositoryConfig;
  readonly key: Key;
  readonly keyId: KeyId;
  readonly host: EngineHost;
}

export interface CreateOptions {
  readonly passphrase: string;
  /** The polynomial of another repository, so that one chunking serves both; chosen at random when absent. */
  readonly chunkerPolynomial?: bigint;
  /** Cost of the key derivation; tests take less than the default. */
  readonly scrypt?: { readonly N: number; readonly r: number; readonly p: number };
}

/**
 * Makes a new repository: key file first, `config` last, whose existence marks it as complete (format, section 4).
 * @throws `repo/exists` when there is one already, and every `store/…` error.
 */
export async function createRepository(
  store: WriteStore,
  options: CreateOptions,
  host: EngineHost,
  signal?: AbortSignal,
): Promise<Repository> {
  await store.create(signal);
  if (await readConfigFile(store, signal)) {
    throw new TriplicateError('repo/exists', `There is already a repository at ${store.location}.`);
  }
  const begun = await findBegun(store, options.passphrase, signal);
  const { key, keyId } = begun ?? (await makeKey(store, options, host, signal));
  const config: RepositoryConfig = {
    version: 2,
    id: Buffer.from(host.random(32)).toString('hex'),
    chunkerPolynomial: options.chunkerPolynomial ?? generatePolynomial(host.random),
  };
  const sealedConfig = sealConfig(key, config, host);
  if (!(await putNewConfig(store, sealedConfig, signal))) {
    if (!begun) await takeBackKey(store, { key, keyId }, signal);
    throw new TriplicateError(
      'repo/exists',
      `Another program made a repository at ${store.location} at the same moment.`,
    );
  }
  return { store, config, key, keyId, host };
}

/** Read back, because some places let two programs put one at the same moment. False when the config there is another one. */
async function putNewConfig(store: WriteStore, sealedConfig: Uint8Array, signal?: AbortSignal): Promise<boolean> {
  try {
    await store.put(CONFIG_FILE, sealedConfig, signal);
  } catch (error) {
    if (hasCode(error, 'store/exists')) return false;
    throw error;
  }
  return Buffer.compare(await store.get(CONFIG_FILE, undefined, signal), sealedConfig) === 0;
}

/**
 * Removes the key that was made for a repository that somebody else has made meanwhile. It stays where theirs may need it: they
 * may have found it and taken it for that of an interrupted creation. Left over it does no harm.
 */
async function takeBackKey(store: WriteStore, { key, keyId }: FoundKey, signal?: AbortSignal): Promise<void> {
  try {
    open(key, await store.get(CONFIG_FILE, undefined, signal));
  } catch (error) {
    if (hasCode(error, 'repo/damaged')) await store.remove({ type: 'keys', id: keyId }, signal).catch(() => undefined);
  }
}

/** A `config` as it is stored. */
export function sealConfig(key: Key, config: RepositoryConfig, host: Pick<EngineHost, 'random'>): Uint8Array {
  return seal(key, host.random(16), serialiseConfig(config));
}

interface FoundKey {
  readonly key: Key;
  readonly keyId: KeyId;
}

/**
 * The key that an interrupted creation with this passphrase left; undefined in a new place. It is taken over where
 * nothing else was ever stored: then only the config is still to be written, and nothing has to be deleted.
 */
async function findBegun(store: WriteStore, passphrase: string, signal?: AbortSignal): Promise<FoundKey | undefined> {
  if ((await listOrNone(store, 'keys', signal)).length === 0) return undefined;
  const others = await Promise.all(
    (['snapshots', 'index', 'data'] as const).map((type) => listOrNone(store, type, signal)),
  );
  if (others.every((files) => files.length === 0)) {
    try {
      return await findKey(store, passphrase, { signal });
    } catch (error) {
      if (!hasCode(error, 'repo/wrong-passphrase', 'repo/damaged')) throw error;
    }
  }
  throw new TriplicateError(
    'repo/damaged',
    `${store.location} holds key files but no config: an interrupted or damaged repository.`,
    { hint: 'Choose an empty place, or move the old files away after looking at them. Nothing was changed.' },
  );
}

async function listOrNone(
  store: WriteStore,
  type: 'keys' | 'snapshots' | 'index' | 'data',
  signal?: AbortSignal,
): Promise<readonly unknown[]> {
  return store.list(type, signal).catch((error) => {
    if (hasCode(error, 'store/not-found')) return [];
    throw error;
  });
}

async function makeKey(
  store: WriteStore,
  options: CreateOptions,
  host: EngineHost,
  signal?: AbortSignal,
): Promise<FoundKey> {
  const key = generateMasterKey(host.random);
  return { key, keyId: await writeKeyFile(store, key, options, host, signal) };
}

/**
 * Opens the repository with the passphrase of any of its keys.
 * @throws `repo/not-a-repository`, `repo/wrong-passphrase`, `repo/damaged`, `repo/unsupported`, and every `store/…` error.
 */
export async function openRepository(
  store: WriteStore,
  options: { readonly passphrase: string },
  host: EngineHost,
  signal?: AbortSignal,
): Promise<Repository> {
  // Asked for together: each question is a journey to a far place. A key is derived only where there is a config.
  const keys = fetchKeys(store, signal);
  const [config] = await Promise.allSettled([readConfigFile(store, signal), keys.files, keys.first]);
  if (config.status === 'rejected') throw config.reason;
  const sealedConfig = config.value;
  if (!sealedConfig) {
    throw new TriplicateError('repo/not-a-repository', `There is no repository at ${store.location}.`);
  }
  const openWith = async (sealed: Uint8Array): Promise<Repository> => {
    const { key, keyId } = await findKey(store, options.passphrase, { signal, fetched: keys, sealedConfig: sealed });
    return { store, config: openConfig(key, sealed, store.location), key, keyId, host };
  };
  try {
    return await openWith(sealedConfig);
  } catch (error) {
    // It has no hash for a name: a bit that changed on its way shows only here.
    const again = hasCode(error, 'repo/damaged') ? await readConfigFile(store, signal) : undefined;
    if (!again || Buffer.compare(again, sealedConfig) === 0) throw error;
    return openWith(again);
  }
}

/**
 * Puts a `config` back that was lost or cut short and is kept elsewhere, sealed as it was. Refused unless a key of this place opens
 * it. @throws `repo/exists` when there is a config that this key opens; `repo/wrong-passphrase`, `repo/damaged`, `store/…`
 */
export async function putConfigBack(
  store: WriteStore,
  sealedConfig: Uint8Array,
  options: { readonly passphrase: string },
  signal?: AbortSignal,
): Promise<void> {
  const present = await readConfigFile(store, signal);
  const { key } = await findKey(store, options.passphrase, { signal, sealedConfig });
  if (!present) return store.put(CONFIG_FILE, sealedConfig, signal);
  if (!misfitOf(key, present, store.location)) {
    throw new TriplicateError('repo/exists', `There is a config at ${store.location} already.`);
  }
  await store.replaceConfig(sealedConfig, signal);
}

/** Opens a sealed `config`. @throws `repo/damaged`, `repo/unsupported` */
export function openConfig(key: Key, sealed: Uint8Array, location: string): RepositoryConfig {
  try {
    return parseConfig(open(key, sealed));
  } catch (cause) {
    if (!hasCode(cause, 'repo/damaged')) throw cause;
    throw new TriplicateError('repo/damaged', `The file config of the repository at ${location} is damaged.`, {
      cause,
      hint: 'Nothing else needs to be lost: put the same file from a copy of the repository there. Other copies can be used meanwhile.',
    });
  }
}

async function readConfigFile(store: WriteStore, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await store.get(CONFIG_FILE, undefined, signal);
  } catch (error) {
    if (hasCode(error, 'store/not-found', 'repo/not-a-repository')) return undefined;
    throw error;
  }
}

/** The list of the key files and, of most repositories the only one, the first. */
interface FetchedKeys {
  readonly files: Promise<readonly StoredFile[]>;
  readonly first: Promise<Uint8Array | undefined>;
}

function fetchKeys(store: WriteStore, signal?: AbortSignal): FetchedKeys {
  const files = store.list('keys', signal);
  const first = files.then(([file]) => file && readNamed(store, { type: 'keys', id: file.id }, signal));
  first.catch(() => undefined);
  return { files, first };
}

interface KeySearch {
  readonly signal: AbortSignal | undefined;
  readonly fetched?: FetchedKeys;
  /** What the key must open. */
  readonly sealedConfig?: Uint8Array;
}

/**
 * Unlike restic, a broken key file beside a good one does not stop the search, and neither does one of the same passphrase that
 * is not of this repository, as a creation leaves that another program forestalled. Named when none opens.
 */
async function findKey(
  store: WriteStore,
  passphrase: string,
  { signal, fetched = fetchKeys(store, signal), sealedConfig }: KeySearch,
): Promise<FoundKey> {
  const keys = await fetched.files;
  const broken: string[] = [];
  let misfit: unknown;
  for (const [position, { id }] of keys.slice(0, MAX_KEYS).entries()) {
    let isNamed = true;
    try {
      const first = position === 0 ? await fetched.first : undefined;
      const bytes = first ?? (await readNamed(store, { type: 'keys', id }, signal));
      isNamed = hexSha256(bytes) === id;
      const key = await openKeyFile(bytes, passphrase);
      misfit = sealedConfig && misfitOf(key, sealedConfig, store.location);
      if (!misfit) return { key, keyId: id as KeyId };
    } catch (error) {
      // In one that is not what its name says the salt may be damaged: no passphrase opens it.
      const isSpoiled = !isNamed && hasCode(error, 'repo/wrong-passphrase');
      if (isSpoiled || hasCode(error, 'repo/damaged', 'store/corrupt')) broken.push(id);
      // One that is gone since the listing was taken away by a change of the passphrase: its successor may open it.
      else if (!hasCode(error, 'repo/wrong-passphrase', 'store/not-found')) throw error;
    }
  }
  if (misfit) throw misfit;
  if (keys.length === 0 || broken.length === keys.length) {
    throw new TriplicateError('repo/damaged', `The repository at ${store.location} has no readable key file.`, {
      data: { keys: broken },
      hint: 'Another copy of the files in keys/ opens it; without one its content cannot be read.',
    });
  }
  throw new TriplicateError(
    'repo/wrong-passphrase',
    `The passphrase does not open the repository at ${store.location}.`,
  );
}

/** Why the key does not open the config; undefined when it does. @throws `repo/unsupported` */
function misfitOf(key: Key, sealedConfig: Uint8Array, location: string): unknown {
  try {
    openConfig(key, sealedConfig, location);
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'repo/damaged')) throw error;
    return error;
  }
}
