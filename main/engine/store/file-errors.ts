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
  // What is read as a whole is never that large.
  ERR_MEMORY_ALLOCATION_FAILED: { code: 'store/corrupt', words: 'the file is larger than memory' },
  ENOTDIR: { code: 'store/bad-location', words: 'a part of the path is a file, not a folder' },
  ENAMETOOLONG: { code: 'store/bad-location', words: 'the path is too long for this file system' },
  ELOOP: { code: 'store/bad-location', words: 'the path runs in a circle of links' },
  ENODEV: { code: 'store/unreachable', words: 'the device is gone' },
  ENXIO: { code: 'store/unreachable', words: 'the device is gone' },
  ENOTCONN: { code: 'store/unreachable', words: 'the mounted place is not connected' },
  ESTALE: { code: 'store/unreachable', words: 'the network file system lost its connection' },
  ETIMEDOUT: { code: 'store/unreachable', words: 'the place did not answer in time' },
  EHOSTDOWN: { code: 'store/unreachable', words: 'the host is down' },
  EHOSTUNREACH: { code: 'store/unreachable', words: 'the host cannot be reached' },
  ENETUNREACH: { code: 'store/unreachable', words: 'the network cannot be reached' },
};

/** The code of a system error (`ENOENT`, …), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Why a file could not be written, for a person: the end of a sentence, with its full stop. */
export function whyNotWritten(error: unknown): string {
  const code = systemCode(error) ?? '';
  const words = code === 'ENOENT' ? 'the folder for it is not there' : MEANING[code]?.words;
  if (words) return `${words}.`;
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
  if (system === 'EIO') {
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
    return new TriplicateError('internal', `Could not ${action} ${path}: ${text}`, { data, cause: error });
  }
  return new TriplicateError(meaning.code, `Could not ${action} ${path}: ${meaning.words}.`, { data, cause: error });
}
