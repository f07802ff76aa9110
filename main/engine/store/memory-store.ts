import { TriplicateError, throwIfCancelled } from '../errors.ts';
import { isId } from '../ids.ts';
import { describeFile, pathOf } from './layout.ts';
import {
  type ByteRange,
  CONFIG_FILE,
  type FileName,
  type FileType,
  type StoredFile,
  type StoreStatus,
  type WriteStore,
} from './store.ts';

/** A store in memory: fast, exact, forgotten with the process. For tests; the semantics are those of a local folder. */
export function createMemoryStore(location = 'memory'): WriteStore {
  return new MemoryStore(location);
}

class MemoryStore implements WriteStore {
  readonly location: string;
  readonly capabilities = { connections: 8, remote: false } as const;
  readonly #files = new Map<string, { readonly name: FileName; readonly bytes: Uint8Array }>();
  #created = false;

  constructor(location: string) {
    this.location = location;
  }

  async create(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    this.#created = true;
  }

  async list(type: FileType, signal?: AbortSignal): Promise<readonly StoredFile[]> {
    throwIfCancelled(signal);
    if (!this.#created && type !== 'config') this.#assertConfig();
    const found: StoredFile[] = [];
    for (const { name, bytes } of this.#files.values()) {
      if (name.type === type && (type === 'config' || isId(name.id))) found.push({ id: name.id, size: bytes.length });
    }
    return found;
  }

  async get(name: FileName, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    throwIfCancelled(signal);
    const { bytes } = this.#find(name);
    const { offset, length } = range ?? { offset: 0, length: bytes.length };
    if (offset + length > bytes.length) {
      throw new TriplicateError('store/corrupt', `${describeFile(name.type, name.id)} is shorter than it must be.`);
    }
    return bytes.slice(offset, offset + length);
  }

  async put(name: FileName, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    if (!this.#created && name.type !== 'config') this.#assertConfig();
    const existing = this.#files.get(pathOf(name));
    if (name.type === 'config' && existing !== undefined && Buffer.compare(existing.bytes, bytes) !== 0) {
      throw new TriplicateError('store/exists', `There is already a repository at ${this.location}.`);
    }
    this.#files.set(pathOf(name), { name, bytes: bytes.slice() });
  }

  async putAfter(name: FileName, bytes: Uint8Array, ready: Promise<void>, signal?: AbortSignal): Promise<void> {
    await ready;
    await this.put(name, bytes, signal);
  }

  async replaceConfig(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    this.#files.set(pathOf(CONFIG_FILE), { name: CONFIG_FILE, bytes: bytes.slice() });
  }

  async remove(name: FileName, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    this.#find(name);
    this.#files.delete(pathOf(name));
  }

  async stat(signal?: AbortSignal): Promise<StoreStatus> {
    throwIfCancelled(signal);
    return { latencyMs: 0, repository: this.#files.has('config') ? 'present' : 'absent' };
  }

  async close(): Promise<void> {}

  #find(name: FileName): { readonly bytes: Uint8Array } {
    const file = this.#files.get(pathOf(name));
    if (file !== undefined) return file;
    if (name.type !== 'config') this.#assertConfig();
    throw new TriplicateError('store/not-found', `${describeFile(name.type, name.id)} is not at ${this.location}.`);
  }

  #assertConfig(): void {
    if (this.#files.has('config')) return;
    throw new TriplicateError('repo/not-a-repository', `There is no repository at ${this.location}.`);
  }
}
