import { constants } from 'node:os';
import { type ErrorCode, TriplicateError } from '../errors.ts';

/** What was tried; decides what an input/output error means and how the sentence begins. */
export type FileAction = 'read' | 'write' | 'list' | 'remove' | 'look at';

/** System error codes by what they mean for a destination. `ENOENT` is not here: its meaning depends on the place. */
const MEANING: Readonly<Record<string, { readonly code: ErrorCode; readonly words: string }>> = {
  ENOSPC: { code: 'store/full', words: 'the disk is full' },
  EDQUOT: { code: 'store/full', words: 'the quota is used up' },
  EROFS: { code: 'store/read-only', words: 'the file system is read-only' },
  EACCES: { code: 'store/denied', words: 'permission is denied' },
  EPERM: { code: 'store/denied', words: 'the operation is not permitted' },
  EFBIG: { code: 'store/denied', words: 'files of this size are not allowed there' },
  // What is read as a whole is never that large.
  ERR_MEMORY_ALLOCATION_FAILED: { code: 'store/corrupt', words: 'the file is larger than memory' },
  ENOTDIR: { code: 'store/bad-location', words: 'a part of the path is a file, not a folder' },
  ENAMETOOLONG: { code: 'store/bad-location', words: 'the path is too long for this file system' },
  ELOOP: { code: 'store/bad-location', words: 'the path runs in a circle of links' },
  ENODEV: { code: 'store/unreachable', words: 'the device is gone' },
  ENXIO: { code: 'store/unreachable', words: 'the device is gone' },
  ENOMEDIUM: { code: 'store/unreachable', words: 'there is no medium in the device' },
  EBUSY: { code: 'store/unreachable', words: 'another program is using it' },
  ETXTBSY: { code: 'store/unreachable', words: 'another program is using it' },
  ENOTCONN: { code: 'store/unreachable', words: 'the mounted place is not connected' },
  ESTALE: { code: 'store/unreachable', words: 'the network file system lost its connection' },
  ETIMEDOUT: { code: 'store/unreachable', words: 'the place did not answer in time' },
  EHOSTDOWN: { code: 'store/unreachable', words: 'the host is down' },
  EHOSTUNREACH: { code: 'store/unreachable', words: 'the host cannot be reached' },
  ENETUNREACH: { code: 'store/unreachable', words: 'the network cannot be reached' },
};

/** The file system is damaged; the device failed; no medium. */
const LINUX_ONLY = [
  [-117, 'EUCLEAN'],
  [-121, 'EREMOTEIO'],
  [-123, 'ENOMEDIUM'],
] as const;

/** What disks and their file systems say that fail, or are damaged themselves. */
export const DISK_FAILURES: ReadonlySet<string> = new Set(['EIO', 'EUCLEAN', 'EBADMSG', 'EREMOTEIO']);

/** Errors that Node has no name for, by the system's number: it calls them `Unknown system error -122`. */
const UNNAMED: ReadonlyMap<number, string> = new Map([
  ...(['EDQUOT', 'ESTALE', 'EBADMSG'] as const).map((name) => [-constants.errno[name], name] as const),
  // Linux alone has these, and Node no numbers of them.
  ...(process.platform === 'linux' ? LINUX_ONLY : []),
]);

/** Whether the system said it, and not Node. */
function isSystemError(error: unknown): error is { readonly errno: number } {
  return typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number';
}

/** The code of a system error (`ENOENT`, …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'string') {
    return undefined;
  }
  if (isSystemError(error) && error.code.startsWith('Unknown system error')) {
    return UNNAMED.get(error.errno) ?? error.code;
  }
  return error.code;
}

/** Why a file could not be written, for a person: the end of a sentence, with its full stop. */
export function whyNotWritten(error: unknown): string {
  const code = systemCode(error) ?? '';
  const words = code === 'ENOENT' ? 'the folder for it is not there' : MEANING[code]?.words;
  if (words) return `${words}.`;
  if (DISK_FAILURES.has(code)) return 'the disk reports an error.';
  const { message = String(error) } = error as { readonly message?: string };
  return message.endsWith('.') ? message : `${message}.`;
}

/**
 * The `store/…` error for what the file system said. An input/output error while reading is damage to that file; while
 * writing or listing it is a disk that fails or was pulled out. Errors that are already ours pass unchanged.
 */
export function fileError(error: unknown, action: FileAction, path: string): TriplicateError {
  if (error instanceof TriplicateError) return error;
  const system = systemCode(error);
  const data = { path, ...(system === undefined ? {} : { system }) };
  if (DISK_FAILURES.has(system ?? '')) {
    return action === 'read'
      ? new TriplicateError('store/corrupt', `The disk reports a read error in ${path}.`, {
          data,
          cause: error,
          hint: 'The disk may be failing. Copy what matters elsewhere and replace it; other copies are not affected.',
        })
      : new TriplicateError('store/unreachable', `The disk reports an input/output error at ${path}.`, {
          data,
          cause: error,
          hint: 'The disk may be failing or was pulled out. Connect it again; if this returns, replace it.',
        });
  }
  const meaning = system === undefined ? undefined : MEANING[system];
  if (!meaning) {
    const text = error instanceof Error ? error.message : String(error);
    // Node's own faults have a code too, but no number of the system.
    if (isSystemError(error)) {
      return new TriplicateError('store/unreachable', `Could not ${action} ${path}: ${text}`, {
        data,
        cause: error,
        hint: 'The system refused it; nothing that is stored is lost. Run it again; when it stays so, the log of the system says more.',
      });
    }
    return new TriplicateError('internal', `Could not ${action} ${path}: ${text}`, { data, cause: error });
  }
  return new TriplicateError(meaning.code, `Could not ${action} ${path}: ${meaning.words}.`, { data, cause: error });
}
