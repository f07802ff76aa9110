import { lstatSync, realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { TriplicateError } from '../errors.ts';
import { whyNotWritten } from '../store/file-errors.ts';
import { makeFolder } from '../store/make-folder.ts';
import type { RestorePlan } from './request.ts';
import { deviceAt, targetGone } from './target-guard.ts';

/**
 * Makes the target. Gives the folder itself, links on the way to it resolved: those are the person's own.
 * @throws `restore/target-invalid`, `store/unreachable` when its disk has gone
 */
export function prepareTarget({ request: { target }, device }: RestorePlan): string {
  // Before anything is made: a disk that went while the plan was made would have it on the system's disk.
  if (isAbsolute(target) && deviceAt(target) !== device) throw targetGone(target);
  try {
    if (!isAbsolute(target)) throw new Error('It is not an absolute path.');
    makeFolder(target);
    const path = realpathSync(target);
    if (!lstatSync(path).isDirectory()) throw new Error('It is not a folder.');
    return path;
  } catch (error) {
    throw new TriplicateError(
      'restore/target-invalid',
      `Nothing can be restored to ${target}: ${whyNotWritten(error)}`,
      { cause: error },
    );
  }
}
