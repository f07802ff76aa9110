import { TriplicateError } from '../errors.ts';
import { open, seal } from '../format/crypto.ts';
import { decodeUnpacked, encodeUnpacked, unpackedBytes } from '../format/unpacked.ts';
import type { FileName, WriteStore } from '../store/store.ts';
import type { Repository } from './repository.ts';
import { hexSha256 } from './sha256.ts';

/** The JSON text of a snapshot, index or lock file (format, section 5). @throws `repo/damaged`, `store/…` */
export async function readUnpacked(repository: Repository, name: FileName, signal?: AbortSignal): Promise<string> {
  return decodeUnpacked(await readPlain(repository, name, signal));
}

/** As `readUnpacked`, as UTF-8. */
export async function readUnpackedBytes(
  repository: Repository,
  name: FileName,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return unpackedBytes(await readPlain(repository, name, signal));
}

async function readPlain(repository: Repository, name: FileName, signal?: AbortSignal): Promise<Uint8Array> {
  const sealed = await readNamed(repository.store, name, signal);
  if (hexSha256(sealed) !== name.id) {
    throw new TriplicateError('repo/damaged', `The ${name.type} file ${name.id.slice(0, 8)} is damaged.`, {
      data: { type: name.type, id: name.id },
    });
  }
  return open(repository.key, sealed);
}

/**
 * All of an object that is named by its hash. One that arrives as something else is asked for once more: a bit may have changed on
 * its way, which is no damage. Whoever asks compares what is given then with the name. @throws `store/…`
 */
export async function readNamed(
  store: Pick<WriteStore, 'get'>,
  name: FileName,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = await store.get(name, undefined, signal);
  return hexSha256(bytes) === name.id ? bytes : store.get(name, undefined, signal);
}

/** Stores a JSON document compressed, as restic does in version 2, and gives its id. */
export async function writeUnpacked(
  repository: Repository,
  type: 'snapshots' | 'index' | 'locks',
  json: string | Uint8Array,
  signal?: AbortSignal,
): Promise<string> {
  const { id, sealed } = sealUnpacked(repository, json);
  await repository.store.put({ type, id }, sealed, signal);
  return id;
}

/** A JSON document as it is stored, for callers who must know its id before it is written. */
export function sealUnpacked(
  repository: Repository,
  json: string | Uint8Array,
): { readonly id: string; readonly sealed: Uint8Array } {
  const plain = repository.config.version === 1 ? bytesOf(json) : encodeUnpacked(json);
  const sealed = seal(repository.key, repository.host.random(16), plain);
  return { id: hexSha256(sealed), sealed };
}

function bytesOf(json: string | Uint8Array): Uint8Array {
  return typeof json === 'string' ? Buffer.from(json) : json;
}
