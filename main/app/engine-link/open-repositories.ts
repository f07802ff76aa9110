import {
  type CreateOptions,
  createRepository,
  type EngineHost,
  type LoadedIndex,
  loadIndex,
  openRepository,
  type Repository,
} from '../../engine/engine.ts';
import { hasCode, TriplicateError } from '../../engine/errors.ts';
import type { FileName, WriteStore } from '../../engine/store/store.ts';
import { openStore } from '../open-store.ts';
import type { ProbeResult, RepositoryAddress } from './calls.ts';

interface OpenOne {
  readonly passphrase: string;
  readonly repository: Repository;
  /** As it is stored: another repository at the same place has another one. */
  readonly sealedConfig: Uint8Array;
  /** The key file that opened it, as it is stored: without it nobody opens it again. */
  readonly keyFile: Uint8Array;
  /** The index as the last reading or run left it; only what is new is read again. */
  index: LoadedIndex | undefined;
}

export interface Limits {
  readonly uploadKiBps: number;
  readonly downloadKiBps: number;
}

/** How the keys of new repositories are derived; as the engine does it for people when empty. */
export type NewKeys = Pick<CreateOptions, 'scrypt'>;

/** Stores and repositories stay open between calls, so that a small run costs what the change costs. */
export class OpenRepositories {
  readonly #host: EngineHost;
  readonly #newKeys: NewKeys;
  readonly #stores = new Map<string, Promise<WriteStore>>();
  readonly #repositories = new Map<string, Promise<OpenOne>>();
  readonly #asked = new Map<OpenOne, Promise<boolean>>();
  #limits: Limits = { uploadKiBps: 0, downloadKiBps: 0 };

  constructor(host: EngineHost, newKeys: NewKeys = {}) {
    this.#host = host;
    this.#newKeys = newKeys;
  }

  async open(address: RepositoryAddress): Promise<Repository> {
    return (await this.#opened(address)).repository;
  }

  /** The repository and its index, up to date with what the destination lists now. */
  async withIndex(
    address: RepositoryAddress,
    signal?: AbortSignal,
  ): Promise<{ repository: Repository; loaded: LoadedIndex }> {
    const one = await this.#opened(address);
    const known = one.index ? { known: one.index } : {};
    const loaded = await loadIndex(one.repository, { ...known, ...(signal ? { signal } : {}) });
    one.index = loaded;
    return { repository: one.repository, loaded };
  }

  async known(address: RepositoryAddress): Promise<LoadedIndex | undefined> {
    return (await this.#opened(address)).index;
  }

  /** Keeps what a run knows of the index in the end. The place is not asked: it may be gone by now, and the run stands. */
  async remember(
    { location }: RepositoryAddress,
    repository: Repository,
    index: LoadedIndex | undefined,
  ): Promise<void> {
    const one = await this.#repositories.get(location)?.catch(() => undefined);
    if (one?.repository === repository) one.index = index;
  }

  async create(address: RepositoryAddress, like: RepositoryAddress | null): Promise<Repository> {
    const chunkerPolynomial = like ? (await this.open(like)).config.chunkerPolynomial : undefined;
    const store = await this.#store(address.location);
    const likeThat = chunkerPolynomial === undefined ? {} : { chunkerPolynomial };
    const repository = await createRepository(
      store,
      { passphrase: address.passphrase, ...likeThat, ...this.#newKeys },
      this.#host,
    );
    const one = await asOpened(address, store, repository);
    this.#repositories.set(address.location, Promise.resolve(one));
    return repository;
  }

  /** @throws `store/unreachable` and the like when the place does not answer */
  async probe(location: string, signal?: AbortSignal): Promise<ProbeResult> {
    const store = await this.#store(location);
    const { freeBytes, totalBytes, latencyMs, repository } = await store.stat(signal);
    const kept = repository === 'present' ? await this.#repositories.get(location)?.catch(() => undefined) : undefined;
    if (kept && !(await this.#isStillThere(kept))) this.#repositories.delete(location);
    return { freeBytes: freeBytes ?? null, totalBytes: totalBytes ?? null, latencyMs, repository };
  }

  setLimits(limits: Limits): Promise<void> {
    const same = limits.uploadKiBps === this.#limits.uploadKiBps && limits.downloadKiBps === this.#limits.downloadKiBps;
    this.#limits = limits;
    return same ? Promise.resolve() : this.closeAll();
  }

  async forget(location: string): Promise<void> {
    const store = this.#stores.get(location);
    this.#stores.delete(location);
    this.#repositories.delete(location);
    await store?.then((one) => one.close()).catch(() => undefined);
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#stores.keys()].map((location) => this.forget(location)));
  }

  async #opened(address: RepositoryAddress): Promise<OpenOne> {
    const one = await this.#whatIsThere(address);
    const { repositoryId } = address;
    if (repositoryId && one.repository.config.id !== repositoryId)
      throw new TriplicateError(
        'repo/other-repository',
        `Another repository than before lies at ${one.repository.store.location}.`,
      );
    return one;
  }

  /** A disk may have taken the place of another at any moment: what was opened of that one must not be written to this. */
  async #whatIsThere(address: RepositoryAddress): Promise<OpenOne> {
    const existing = this.#repositories.get(address.location);
    if (existing) {
      const one = await existing.catch(() => undefined);
      // Of a remote that is asked at each look only: it would be a request for each call.
      const isKnown = one?.passphrase === address.passphrase;
      if (isKnown && (one.repository.store.capabilities.remote || (await this.#isStillThere(one)))) return one;
    }
    const opening = this.#store(address.location).then(async (store): Promise<OpenOne> => {
      const repository = await openRepository(store, { passphrase: address.passphrase }, this.#host);
      return asOpened(address, store, repository);
    });
    this.#repositories.set(address.location, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#repositories.get(address.location) === opening) this.#repositories.delete(address.location);
      // A known destination without its repository is a disk that is not mounted.
      if (hasCode(error, 'repo/not-a-repository')) throw absent(address.location, error);
      throw error;
    }
  }

  /** Asked once for all who want to know at the same moment: a place that hangs must not take up every thread. */
  #isStillThere(one: OpenOne): Promise<boolean> {
    const asked = this.#asked.get(one);
    if (asked) return asked;
    const asking = isStillThere(one).finally(() => this.#asked.delete(one));
    this.#asked.set(one, asking);
    return asking;
  }

  #store(location: string): Promise<WriteStore> {
    const existing = this.#stores.get(location);
    if (existing) return existing;
    const opening = openStore(location, { clock: this.#host.clock, ...limitsOf(location, this.#limits) });
    this.#stores.set(location, opening);
    opening.catch(() => this.#stores.delete(location));
    return opening;
  }
}

const CONFIG = { type: 'config', id: '' } as const;

async function asOpened(
  { passphrase }: RepositoryAddress,
  store: WriteStore,
  repository: Repository,
): Promise<OpenOne> {
  const [sealedConfig, keyFile] = await Promise.all([store.get(CONFIG), store.get(keyOf(repository))]);
  return { passphrase, repository, sealedConfig, keyFile, index: undefined };
}

const keyOf = ({ keyId }: Repository): FileName => ({ type: 'keys', id: keyId });

/**
 * Whether it is the repository that was opened, and could be opened again: another program may have changed its passphrase.
 * @throws `store/…` when the place gives no clear answer
 */
async function isStillThere({ repository, sealedConfig, keyFile }: OpenOne): Promise<boolean> {
  const { store } = repository;
  try {
    const now = await Promise.all([store.get(CONFIG), store.get(keyOf(repository))]);
    return Buffer.compare(now[0], sealedConfig) === 0 && Buffer.compare(now[1], keyFile) === 0;
  } catch (error) {
    if (hasCode(error, 'store/not-found')) return false;
    throw error;
  }
}

function limitsOf(
  location: string,
  limits: Limits,
): { limits?: { uploadBytesPerSecond?: number; downloadBytesPerSecond?: number } } {
  const remote = location.startsWith('rclone:') || location.startsWith('rest:');
  if (!remote || (limits.uploadKiBps === 0 && limits.downloadKiBps === 0)) return {};
  return {
    limits: {
      ...(limits.uploadKiBps > 0 ? { uploadBytesPerSecond: limits.uploadKiBps * 1024 } : {}),
      ...(limits.downloadKiBps > 0 ? { downloadBytesPerSecond: limits.downloadKiBps * 1024 } : {}),
    },
  };
}

function absent(location: string, cause: unknown): TriplicateError {
  return new TriplicateError('repo/not-a-repository', `There is no repository at ${location}.`, { cause });
}
