import { constants } from 'node:fs';
import { access, lstat, opendir } from 'node:fs/promises';
import { markerIn, whyUnreadable } from '../../engine/engine.ts';
import { TriplicateError } from '../../engine/errors.ts';
import type { BackupCall } from './calls.ts';

/** With what a folder says that it is not to be backed up, where that is honoured. */
export const HONOURED = { excludeMarkers: ['.nobackup'], excludeCaches: 'yes' } as const;

/**
 * What a snapshot would pass for a version of, and is none: a folder on a disk that is not mounted, one whose place a link has taken,
 * one that cannot be read at all, or one of which a marker leaves nothing but itself.
 * @throws `source/missing`, `source/unreadable`, `source/nothing-left`
 */
export async function refuseUnfitSource({ path, markers }: Pick<BackupCall, 'path' | 'markers'>): Promise<void> {
  const data = { path };
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink())
      throw new TriplicateError('source/missing', `A link has taken the place of the folder ${path}.`, {
        hint: 'Old versions are kept. Protect the folder that it leads to, or put the folder back.',
        data,
      });
    if (!found.isDirectory())
      throw new TriplicateError('source/missing', `The folder ${path} cannot be found.`, { data });
    await access(path, constants.R_OK | constants.X_OK);
    await (await opendir(path)).close();
  } catch (error) {
    if (error instanceof TriplicateError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new TriplicateError('source/missing', `The folder ${path} cannot be found.`, { data });
    throw new TriplicateError('source/unreadable', `${path} cannot be read (${whyUnreadable(code, message)}).`, {
      hint: 'Old versions are kept. Check the permissions of the folder, or the disk or share that it lies on.',
      data,
      cause: error,
    });
  }
  const marker = markers === 'honour' ? markerIn(path, HONOURED) : null;
  if (marker !== null)
    throw new TriplicateError(
      'source/nothing-left',
      `No snapshot was made: a file ${marker} in ${path} says that it is not to be backed up.`,
      { hint: 'Old versions are kept. Remove that file, or have such marks ignored for this folder.', data },
    );
}
