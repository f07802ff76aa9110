import { posix } from 'node:path';
import { TriplicateError } from '../engine/errors.ts';
import type { RemoteFile, RemoteTruth } from '../engine/store/remote-truth.ts';
import { asFolder, folderIn } from './as-folder.ts';
import type { Environment } from './environment.ts';
import { rcloneError } from './rclone-errors.ts';
import type { RcloneAnswer, RcloneFailure, RemoteControl } from './remote-control.ts';
import { type RemoteSettings, remoteSettings } from './remote-settings.ts';

/**
 * Backends whose uploads appear only when they are whole. All others that can move get a temporary name first: local,
 * sftp, webdav, ftp and smb leave stumps, and wrappers (crypt, union, …) may stand on one of them.
 */
const WHOLE_UPLOADS: ReadonlySet<string> = new Set([
  's3',
  'b2',
  'azureblob',
  'google cloud storage',
  'swift',
  'oracleobjectstorage',
  'drive',
  'onedrive',
  'dropbox',
  'box',
]);

/**
 * Whether each folder is named to rclone as a place of its own. rclone begins at most one request every 10 ms to a WebDAV place:
 * what is moved into other folders need not wait there, of which five at a time keep a server from being flooded. Not where
 * rclone asks somebody for each place that it is given: `sharepoint` for a cookie, a command for a token.
 */
function queuesByFolder({ type, vendor, bearer_token_command: command }: RemoteSettings): boolean {
  const signsIn = typeof vendor !== 'string' || vendor.startsWith('sharepoint') || Boolean(command);
  return type === 'webdav' && !signsIn;
}

/** Looks at one object without what costs a request more: times, types, whether it is a folder. */
const QUICK = { noModTime: true, noMimeType: true, filesOnly: true } as const;

export interface RcloneTruthOptions {
  readonly control: Pick<RemoteControl, 'call' | 'upload'>;
  /** What that process sees of ours. */
  readonly environment: Environment;
  /** rclone's name of the repository's root: `remote:path`. */
  readonly remote: string;
  /** As it may be shown. */
  readonly location: string;
  /** Releases the control process when this truth closes. */
  release(): Promise<void>;
}

/** Asks the remote itself, through rclone's remote control. */
export class RcloneTruth implements RemoteTruth {
  readonly #options: RcloneTruthOptions;
  #uploads: Promise<'whole' | 'move'> | undefined;
  /** Whether the place may hold several files of one name: to move onto one would make a second. */
  #hasTwins = true;
  /** See `queuesByFolder`. */
  #queues: 'one' | 'by-folder' = 'one';

  constructor(options: RcloneTruthOptions) {
    this.#options = { ...options, remote: asFolder(options.remote) };
  }

  uploads(signal?: AbortSignal): Promise<'whole' | 'move'> {
    this.#uploads ??= this.#findUploads(signal).catch((error: unknown) => {
      this.#uploads = undefined;
      throw error;
    });
    return this.#uploads;
  }

  async sizeOf(path: string, signal?: AbortSignal): Promise<number | undefined> {
    const { item } = await this.#call('operations/stat', { remote: path, opt: QUICK }, signal);
    this.#findUploadsAhead();
    if (item === null) return undefined;
    return parseEntry(item, this.#options.location).size;
  }

  async list(folder: string, signal?: AbortSignal): Promise<readonly RemoteFile[] | undefined> {
    let answer = await this.#list(folder, 'with what is below', signal);
    if (!answer.ok && isMissing(answer.failure)) {
      // rclone says the same when a folder below this one is missing, which is no word on all the others.
      const alone = await this.#list(folder, 'alone', signal);
      if (!alone.ok && isMissing(alone.failure)) return undefined;
      this.#accept(alone);
      // Another program may have removed one that was empty, just then.
      answer = await this.#list(folder, 'with what is below', signal);
      if (!answer.ok && isMissing(answer.failure)) throw halfListed(folder, this.#options.location);
    }
    const { list } = this.#accept(answer);
    this.#findUploadsAhead();
    if (!Array.isArray(list)) throw unreadable(this.#options.location);
    return list.map((entry: unknown) => parseEntry(entry, this.#options.location));
  }

  #list(folder: string, depth: 'alone' | 'with what is below', signal?: AbortSignal): Promise<RcloneAnswer> {
    const opt = { ...QUICK, recurse: depth === 'with what is below' };
    return this.#options.control.call('operations/list', { fs: this.#options.remote, remote: folder, opt }, signal);
  }

  async upload(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const target = { fs: this.#options.remote, folder: posix.dirname(path), name: posix.basename(path) };
    this.#accept(await this.#options.control.upload(target, bytes, signal));
  }

  async move(from: string, to: string, signal?: AbortSignal): Promise<void> {
    const [source, target] = [this.#placeOf(from), this.#placeOf(to)];
    const parameters = { srcFs: source.fs, srcRemote: source.name, dstFs: target.fs, dstRemote: target.name };
    if (!this.#hasTwins) {
      // There is hardly ever anything at a name that is made from the content, so rclone need not look there first. Where
      // there is, a place refuses the move or replaces what is there.
      const unlooked = { ...parameters, _config: { NoCheckDest: true } };
      const answer = await this.#options.control.call('operations/movefile', unlooked, signal);
      if (answer.ok) return;
      const error = rcloneError(this.#options.location, answer.failure.text);
      if (error.code === 'store/unreachable') throw error;
    }
    this.#accept(await this.#options.control.call('operations/movefile', parameters, signal));
  }

  async remove(path: string, signal?: AbortSignal): Promise<'removed' | 'missing'> {
    const parameters = { fs: this.#options.remote, remote: path };
    const answer = await this.#options.control.call('operations/deletefile', parameters, signal);
    if (!answer.ok && isMissing(answer.failure)) return 'missing';
    this.#accept(answer);
    return 'removed';
  }

  async createFolders(folders: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const folder of folders) await this.#call('operations/mkdir', { remote: folder }, signal);
  }

  async space(signal?: AbortSignal): Promise<{ freeBytes?: number; totalBytes?: number }> {
    const answer = await this.#options.control.call('operations/about', { fs: this.#options.remote }, signal);
    // Many remotes cannot tell; that is no fault of theirs, and the place has just answered another question.
    if (!answer.ok) return {};
    const { free, total } = answer.value;
    return {
      ...(typeof free === 'number' ? { freeBytes: free } : {}),
      ...(typeof total === 'number' ? { totalBytes: total } : {}),
    };
  }

  close(): Promise<void> {
    return this.#options.release();
  }

  /** Once the place has answered: most of the time something will be stored there, and rclone itself knows the answer. */
  #findUploadsAhead(): void {
    this.uploads().catch(() => undefined);
  }

  async #findUploads(signal?: AbortSignal): Promise<'whole' | 'move'> {
    const { control, environment, remote } = this.#options;
    const [{ Features }, settings] = await Promise.all([
      this.#call('operations/fsinfo', {}, signal),
      remoteSettings(control, environment, remote, signal),
    ]);
    const features: { readonly [name: string]: unknown } = { ...(typeof Features === 'object' ? Features : {}) };
    const canMove = features.Move === true;
    this.#hasTwins = features.DuplicateFiles !== false;
    if (queuesByFolder(settings)) this.#queues = 'by-folder';
    return canMove && !WHOLE_UPLOADS.has(String(settings.type)) ? 'move' : 'whole';
  }

  /** An object as rclone is told of it. */
  #placeOf(path: string): { readonly fs: string; readonly name: string } {
    const { remote } = this.#options;
    if (this.#queues === 'one') return { fs: remote, name: path };
    const folder = posix.dirname(path);
    return { fs: folder === '.' ? remote : folderIn(remote, folder), name: posix.basename(path) };
  }

  async #call(method: string, parameters: object, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    return this.#accept(await this.#options.control.call(method, { fs: this.#options.remote, ...parameters }, signal));
  }

  #accept(answer: RcloneAnswer): Readonly<Record<string, unknown>> {
    if (answer.ok) return answer.value;
    throw rcloneError(this.#options.location, answer.failure.text);
  }
}

/** rclone's own words for "the place answered: not there"; they come from rclone, not from the remote. */
function isMissing({ status, text }: RcloneFailure): boolean {
  return status === 404 && /(object|directory) not found$/.test(text);
}

function parseEntry(entry: unknown, location: string): RemoteFile {
  if (typeof entry === 'object' && entry !== null && 'Path' in entry && 'Size' in entry) {
    const { Path: path, Size: size } = entry;
    if (typeof path === 'string' && typeof size === 'number') return { path, size };
  }
  throw unreadable(location);
}

function halfListed(folder: string, location: string): TriplicateError {
  return new TriplicateError(
    'store/list-incomplete',
    `${location} names a folder in ${folder}/ and says that it is not there when asked what is in it.`,
  );
}

function unreadable(location: string): TriplicateError {
  return new TriplicateError('rclone/failed', `${location}: rclone gave an answer that cannot be read.`);
}
