import type { Clock, Random } from '../clock.ts';
import { hasCode, TriplicateError, throwIfCancelled } from '../errors.ts';
import { isId } from '../ids.ts';
import type { HttpTransport } from './http-transport.ts';
import { describeFile, eachOnce, isOldLeftover, OURS_ALONE, pathOf, TEMPORARY_BYTES, temporaryName } from './layout.ts';
import type { RemoteFile, RemoteTruth } from './remote-truth.ts';
import { RestProtocol } from './rest-protocol.ts';
import {
  type ByteRange,
  CONFIG_FILE,
  type FileName,
  type FileType,
  type StoreCapabilities,
  type StoredFile,
  type StoreStatus,
  type WriteStore,
} from './store.ts';

/** How often an object is asked for that is there and is not given. */
const MOST_TRIES = 3;

export interface RestStoreOptions {
  /** As the user writes it, without secrets. */
  readonly location: string;
  readonly transport: HttpTransport;
  /** How to ask the place behind the server; absent for a server whose own answers are the truth. */
  readonly truth?: RemoteTruth;
  readonly clock: Clock;
  readonly random: Random;
  readonly connections?: number;
}

/** A repository behind a server that speaks restic's REST protocol. Closing the store closes transport and truth. */
export function openRestStore(options: RestStoreOptions): WriteStore {
  const protocol = new RestProtocol(options.transport, options.location);
  return new RestStore(options, protocol, options.truth ?? protocol);
}

class RestStore implements WriteStore {
  readonly location: string;
  readonly capabilities: StoreCapabilities;
  readonly #rest: RestProtocol;
  readonly #truth: RemoteTruth;
  readonly #clock: Clock;
  readonly #random: Random;
  /** True once we made the folders: from then on a missing one is an empty one (places without empty folders). */
  #created = false;
  readonly #leftovers = new Set<string>();

  constructor(options: RestStoreOptions, rest: RestProtocol, truth: RemoteTruth) {
    this.location = options.location;
    this.capabilities = { connections: options.connections ?? 5, remote: true };
    this.#rest = rest;
    this.#truth = truth;
    this.#clock = options.clock;
    this.#random = options.random;
  }

  async create(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    await this.#truth.createFolders(['data', 'index', 'keys', 'locks', 'snapshots'], signal);
    this.#created = true;
  }

  async list(type: FileType, signal?: AbortSignal): Promise<readonly StoredFile[]> {
    throwIfCancelled(signal);
    if (type === 'config') {
      const size = await this.#truth.sizeOf('config', signal);
      return size === undefined ? [] : [{ id: '', size }];
    }
    const files = await this.#truth.list(type, signal);
    if (files === undefined) {
      if (!this.#created) await this.#assertPresent(signal);
      return [];
    }
    this.#rememberLeftovers(files);
    const named = files.map(({ path, size }) => ({ id: path.slice(path.lastIndexOf('/') + 1), size }));
    return eachOnce(named.filter(({ id }) => isId(id)));
  }

  async get(name: FileName, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    // HTTP cannot ask for nothing; what is left of such a question is whether the object exists.
    if (range?.length === 0) {
      const size = await this.#truth.sizeOf(pathOf(name), signal);
      if (size === undefined) throw await this.#missing(name, signal);
      if (range.offset > size) throw tooShort(name, range);
      return new Uint8Array(0);
    }
    for (let tries = 1; ; tries++) {
      const answer = await this.#rest.get(name, range, signal).catch((error: unknown) => {
        if (!(error instanceof TriplicateError) || error.code === 'cancelled') throw error;
        return { kind: 'failed', error } as const;
      });
      if (answer.kind === 'bytes') return answer.bytes;
      // The server's "missing" may mean "unreachable", and its other failures have no reason: the truth has both.
      const size = await this.#truth.sizeOf(pathOf(name), signal);
      if (size === undefined) throw await this.#missing(name, signal);
      if (range !== undefined && range.offset + range.length > size) throw tooShort(name, range);
      if (!hasCode(answer.error, 'store/not-found', 'store/corrupt')) throw answer.error;
      // It is there: rclone calls missing what it could not open just then, and an answer may have been cut short.
      if (tries === MOST_TRIES) throw notGiven(name, this.location, answer.error);
    }
  }

  async put(name: FileName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if (name.type === 'config' && (await this.#hasSameConfig(bytes, signal))) return;
    await this.#store(name, bytes, { signal });
    // Its size tells nothing: another program may have put one there at the same moment.
    if (name.type === 'config' && !(await this.#hasSameConfig(bytes, signal))) {
      throw notWhole(name, this.location, bytes.length, undefined);
    }
    await this.#sweepLeftovers();
  }

  async putAfter(name: FileName, bytes: Uint8Array, ready: Promise<void>, signal?: AbortSignal): Promise<void> {
    // When the upload fails, nobody waits for it any more.
    ready.catch(() => undefined);
    throwIfCancelled(signal);
    if (name.type === 'config') {
      await ready;
      return this.put(name, bytes, signal);
    }
    await this.#store(name, bytes, { signal, ready });
    await this.#sweepLeftovers();
  }

  async replaceConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    const path = pathOf(CONFIG_FILE);
    const uploads = await this.#truth.uploads(signal);
    if (uploads === 'move') await this.#swapConfig(bytes, signal);
    else if (this.#truth !== this.#rest) await this.#upload(path, CONFIG_FILE, bytes, signal);
    else {
      // Servers of their own refuse to overwrite.
      await this.#removeConfig(signal);
      await this.#store(CONFIG_FILE, bytes, { signal });
    }
    // Its size tells nothing: two configs may have the same.
    const arrived = await this.get(CONFIG_FILE, undefined, signal);
    if (Buffer.compare(arrived, bytes) !== 0) throw notWhole(CONFIG_FILE, this.location, bytes.length, arrived.length);
  }

  /**
   * The old one goes when all of the new one has arrived: a place that is full keeps what it has. A move onto the old one may
   * take another config of the same size for the same one.
   */
  async #swapConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = pathOf(CONFIG_FILE);
    const temporary = temporaryName(path, this.#clock.now(), this.#random(TEMPORARY_BYTES));
    try {
      await this.#upload(temporary, undefined, bytes, signal);
      const arrived = await this.#truth.sizeOf(temporary, signal);
      if (arrived !== bytes.length) throw notWhole(CONFIG_FILE, this.location, bytes.length, arrived);
      await this.#removeConfig(signal);
      await this.#truth.move(temporary, path, signal);
    } catch (error) {
      await this.#truth.remove(temporary).catch(() => undefined);
      throw error;
    }
  }

  /** Through the server first: it remembers what it has seen. */
  async #removeConfig(signal?: AbortSignal): Promise<void> {
    await this.#rest.remove(pathOf(CONFIG_FILE), signal);
    await this.#truth.remove(pathOf(CONFIG_FILE), signal);
  }

  async #store(
    name: FileName,
    bytes: Uint8Array,
    { signal, ready }: { readonly signal: AbortSignal | undefined; readonly ready?: Promise<void> },
  ): Promise<void> {
    const path = pathOf(name);
    if ((await this.#truth.uploads(signal)) === 'whole') {
      await ready;
      throwIfCancelled(signal);
      await this.#upload(path, name, bytes, signal);
      await this.#assertSize(name, bytes.length, signal);
    } else {
      const temporary = temporaryName(path, this.#clock.now(), this.#random(TEMPORARY_BYTES));
      try {
        await this.#upload(temporary, undefined, bytes, signal);
        await ready;
        throwIfCancelled(signal);
        await this.#truth.move(temporary, path, signal);
        await this.#assertSize(name, bytes.length, signal);
      } catch (error) {
        // Without the signal: it has fired when the user cancelled. A place that is gone is swept when it is back.
        if (!hasCode(error, 'store/unreachable')) await this.#truth.remove(temporary).catch(() => undefined);
        throw error;
      }
    }
  }

  async remove(name: FileName, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if ((await this.#truth.remove(pathOf(name), signal)) === 'missing') throw await this.#missing(name, signal);
    await this.#sweepLeftovers();
  }

  async stat(signal?: AbortSignal): Promise<StoreStatus> {
    throwIfCancelled(signal);
    const before = this.#clock.now();
    const size = await this.#truth.sizeOf('config', signal);
    const latencyMs = Number(this.#clock.now() - before) / 1e6;
    const space = await this.#truth.space(signal);
    return { ...space, latencyMs, repository: size === undefined ? 'absent' : 'present' };
  }

  async close(): Promise<void> {
    await Promise.all([this.#rest.close(), this.#truth.close()]);
  }

  /** Through the server; when that fails, through the truth, which either succeeds or says why not. */
  async #upload(path: string, name: FileName | undefined, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    try {
      await this.#rest.post(name ?? path, bytes, signal);
    } catch (error) {
      if (hasCode(error, 'cancelled')) throw error;
      if (this.#truth === this.#rest) {
        // A server that never overwrites refuses what it has already; that is as good as stored, if it is the same.
        if (!hasCode(error, 'store/denied')) throw error;
        if (name?.type === 'config' && (await this.#hasSameConfig(bytes, signal))) return;
        if (name?.type !== 'config' && (await this.#truth.sizeOf(path, signal)) === bytes.length) return;
        throw error;
      }
      await this.#truth.sizeOf(path, signal);
      await this.#truth.upload(path, bytes, signal);
    }
  }

  /** `config` is the one object that is not named by its content: another one must never be overwritten. */
  async #hasSameConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    if ((await this.#truth.sizeOf('config', signal)) === undefined) return false;
    const existing = await this.get({ type: 'config', id: '' }, undefined, signal);
    if (Buffer.compare(existing, bytes) === 0) return true;
    throw new TriplicateError('store/exists', `There is already a repository at ${this.location}.`);
  }

  /** A transfer that broke leaves a stump on many places, and not all of them say so. */
  async #assertSize(name: FileName, size: number, signal?: AbortSignal): Promise<void> {
    const arrived = await this.#truth.sizeOf(pathOf(name), signal);
    if (arrived === size) return;
    const isStump = arrived !== undefined && arrived >= 0 && arrived < size;
    if (isStump && OURS_ALONE.has(name.type)) await this.#removeStump(pathOf(name), arrived);
    throw notWhole(name, this.location, size, arrived);
  }

  /**
   * What we have just put there and is cut short: as a snapshot it would hold up every prune, as an index every run. Left where
   * it is when the place says something else the second time, or nothing. Without the signal, as all that tidies up.
   */
  async #removeStump(path: string, size: number): Promise<void> {
    try {
      if ((await this.#truth.sizeOf(path)) === size) await this.#truth.remove(path);
    } catch {
      // It is named by the next check, and can be removed by its id.
    }
  }

  async #missing(name: FileName, signal?: AbortSignal): Promise<TriplicateError> {
    if (name.type !== 'config') await this.#assertPresent(signal);
    const what = describeFile(name.type, name.id);
    return new TriplicateError('store/not-found', `${what} is not at ${this.location}.`, { data: { ...name } });
  }

  async #assertPresent(signal?: AbortSignal): Promise<void> {
    if ((await this.#truth.sizeOf('config', signal)) !== undefined) return;
    throw new TriplicateError('repo/not-a-repository', `There is no repository at ${this.location}.`);
  }

  #rememberLeftovers(files: readonly RemoteFile[]): void {
    const now = this.#clock.now();
    for (const { path } of files) if (isOldLeftover(path, now)) this.#leftovers.add(path);
  }

  /** Removes what interrupted uploads of ours left behind and listings met. */
  async #sweepLeftovers(): Promise<void> {
    for (const path of this.#leftovers) {
      // At once: another call may sweep as well.
      this.#leftovers.delete(path);
      await this.#truth.remove(path).catch(() => undefined);
    }
  }
}

function notWhole(name: FileName, location: string, size: number, arrived: number | undefined): TriplicateError {
  const what = describeFile(name.type, name.id);
  return new TriplicateError('store/unreachable', `${what} did not arrive whole at ${location}.`, {
    data: { ...name, size, arrived: arrived ?? 'nothing' },
    hint: 'The connection may have broken. It is sent again by the next run; nothing stored is lost.',
  });
}

/** Never `store/not-found`: it would pass for one that is gone. */
function notGiven(name: FileName, location: string, cause: TriplicateError): TriplicateError {
  const what = describeFile(name.type, name.id);
  return new TriplicateError('store/corrupt', `${what} is at ${location}, which does not give it.`, {
    data: { ...cause.data, ...name },
    cause,
  });
}

function tooShort(name: FileName, { offset, length }: ByteRange): TriplicateError {
  const what = describeFile(name.type, name.id);
  const data = { ...name, offset, length };
  return new TriplicateError('store/corrupt', `${what} is shorter than it must be.`, { data });
}
