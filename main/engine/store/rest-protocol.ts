import { TriplicateError } from '../errors.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from './http-transport.ts';
import { folderOf } from './layout.ts';
import type { RemoteFile, RemoteTruth } from './remote-truth.ts';
import type { ByteRange, FileName, FileType } from './store.ts';

/** What a `get` came to: the bytes, or the error to throw unless a better source knows more. */
export type GetAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'failed'; readonly error: TriplicateError };

const VERSION_2 = 'application/vnd.x.restic.rest.v2';

/**
 * restic's REST protocol, version 2, over any transport. For a server of its own (rest-server) its answers are also the
 * truth; `move` and `upload` are never needed there because such a server makes an upload visible when it is whole.
 */
export class RestProtocol implements RemoteTruth {
  readonly #transport: HttpTransport;
  readonly #place: string;

  constructor(transport: HttpTransport, place: string) {
    this.#transport = transport;
    this.#place = place;
  }

  async get(name: FileName, range?: ByteRange, signal?: AbortSignal): Promise<GetAnswer> {
    const path = urlOf(name);
    const last = range === undefined ? 0 : range.offset + range.length - 1;
    const headers: Record<string, string> = range === undefined ? {} : { range: `bytes=${range.offset}-${last}` };
    const answer = await this.#send({ method: 'GET', path, headers }, signal);
    if (range === undefined && answer.status === 200) return { kind: 'bytes', bytes: answer.body };
    if (range !== undefined && answer.status === 206 && answer.body.length === range.length) {
      return { kind: 'bytes', bytes: answer.body };
    }
    if (range !== undefined && answer.status === 200 && answer.body.length > last) {
      return { kind: 'bytes', bytes: answer.body.slice(range.offset, last + 1) };
    }
    return { kind: 'failed', error: this.#failure(answer, 'GET', path) };
  }

  /** Stores bytes under a name, or at a path as it is (temporary names). */
  async post(target: FileName | string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = typeof target === 'string' ? `/${target}` : urlOf(target);
    const headers = { 'content-type': 'application/octet-stream' };
    const answer = await this.#send({ method: 'POST', path, headers, body: bytes }, signal);
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer, 'POST', path);
  }

  async uploads(): Promise<'whole'> {
    return 'whole';
  }

  async sizeOf(path: string, signal?: AbortSignal): Promise<number | undefined> {
    const url = urlOfPath(path);
    const answer = await this.#send({ method: 'HEAD', path: url }, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#failure(answer, 'HEAD', url);
    return answer.length ?? this.#countedSize(url, signal);
  }

  /** Proxies that compress leave the length out of an answer without a body. */
  async #countedSize(url: string, signal?: AbortSignal): Promise<number | undefined> {
    const answer = await this.#send({ method: 'GET', path: url }, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#failure(answer, 'GET', url);
    return answer.body.length;
  }

  async list(folder: string, signal?: AbortSignal): Promise<readonly RemoteFile[] | undefined> {
    const path = `/${folder}/`;
    const answer = await this.#send({ method: 'GET', path, headers: { accept: VERSION_2 } }, signal);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#failure(answer, 'GET', path);
    return parseList(answer.body, this.#place).map(({ name, size }) => {
      const at = { type: folder as FileType, id: name };
      return { path: `${folderOf(at)}/${name}`, size };
    });
  }

  async remove(path: string, signal?: AbortSignal): Promise<'removed' | 'missing'> {
    const url = urlOfPath(path);
    // Some servers answer a delete of nothing with success; a removal that removed nothing must be known.
    if ((await this.sizeOf(path, signal)) === undefined) return 'missing';
    const answer = await this.#send({ method: 'DELETE', path: url }, signal);
    if (answer.status === 404) return 'missing';
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer, 'DELETE', url);
    return 'removed';
  }

  async createFolders(_folders: readonly string[], signal?: AbortSignal): Promise<void> {
    const answer = await this.#send({ method: 'POST', path: '/?create=true' }, signal);
    if (answer.status < 200 || answer.status > 299) throw this.#failure(answer, 'POST', '/');
  }

  async space(): Promise<Record<string, never>> {
    return {};
  }

  async upload(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    await this.post(path, bytes, signal);
  }

  async move(): Promise<void> {
    throw new TriplicateError('internal', 'The REST protocol cannot move objects.');
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #send(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#transport.request(request, signal);
  }

  #failure({ status, body }: HttpResponse, method: string, path: string): TriplicateError {
    const data = { status, method, path, text: Buffer.from(body.subarray(0, 200)).toString() };
    const said = `${this.#place} answered ${status} to ${method} ${path}.`;
    if (status === 401 || status === 403) return new TriplicateError('store/denied', said, { data });
    if (status === 404) return new TriplicateError('store/not-found', said, { data });
    if (status === 416 || status === 200 || status === 206) return new TriplicateError('store/corrupt', said, { data });
    if (status === 413) {
      return new TriplicateError('store/denied', `${said} It refuses uploads of this size.`, {
        data,
        hint: 'Let the server, or a proxy before it, take bodies of 64 MiB (nginx: client_max_body_size); nothing stored is lost.',
      });
    }
    if (status === 507) return new TriplicateError('store/full', said, { data });
    if (status >= 500 || status === 408 || status === 429) {
      return new TriplicateError('store/unreachable', said, { data });
    }
    return new TriplicateError('store/bad-location', `${said} It does not seem to be a repository server.`, { data });
  }
}

function urlOf(name: FileName): string {
  return name.type === 'config' ? '/config' : `/${name.type}/${name.id}`;
}

/** The protocol names packs without their two-digit folder. */
function urlOfPath(path: string): string {
  return `/${path.replace(/^data\/[0-9a-f]{2}\//, 'data/')}`;
}

function parseList(body: Uint8Array, place: string): readonly { readonly name: string; readonly size: number }[] {
  try {
    const list: unknown = JSON.parse(Buffer.from(body).toString());
    if (list === null) return [];
    if (Array.isArray(list) && list.every(isEntry)) return list;
  } catch {
    // Falls through: what cannot be read is not a list, and never an empty one.
  }
  throw new TriplicateError('store/corrupt', `${place} gave a listing that cannot be read.`);
}

function isEntry(entry: unknown): entry is { readonly name: string; readonly size: number } {
  if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('size' in entry)) return false;
  return typeof entry.name === 'string' && typeof entry.size === 'number';
}
