import { resolve, sep } from 'node:path';
import type { Destination } from '../../api/contract/destinations.ts';
import type { Folder } from '../../api/contract/folders.ts';
import type { HistoryFolder } from '../../api/contract/history.ts';
import { isAtOrBelow } from '../../app/folder-paths.ts';
import { TriplicateError } from '../../engine/errors.ts';
import type { AppSession } from './session.ts';

/** The destination of that name. @throws `app/not-found` */
export async function destinationNamed({ app }: AppSession, name: string): Promise<Destination> {
  const all = await app.call('destinations.list', {});
  const found = all.find((one) => one.name === name) ?? all.find(({ id }) => id === name);
  if (found) return found;
  throw new TriplicateError('app/not-found', `There is no destination called ${name}.`, {
    hint: all.length === 0 ? 'Add one with `destination add`.' : `There are: ${all.map((one) => one.name).join(', ')}.`,
  });
}

/** The destination of that name, or all. */
export async function destinationsNamed(
  session: AppSession,
  name: string | undefined,
): Promise<readonly Destination[]> {
  return name === undefined ? session.app.call('destinations.list', {}) : [await destinationNamed(session, name)];
}

/** The protected folder at this path, or of this name. @throws `app/not-found` */
export async function folderAt({ app }: AppSession, path: string): Promise<Folder> {
  const all = await app.call('folders.list', {});
  const full = resolve(path);
  const found = all.find((one) => one.path === full) ?? all.find(({ name }) => name === path);
  if (found) return found;
  throw new TriplicateError('app/not-found', `${full} is not a protected folder.`, {
    hint: 'Protect it with `folder add`.',
  });
}

/**
 * The folder that holds a path, and the path's key in it: a protected one, else one that destinations have kept versions of.
 * The path need not exist any more.
 */
export async function locate(
  { app }: AppSession,
  path: string,
): Promise<{ readonly folder: HistoryFolder; readonly key: string }> {
  const full = resolve(path);
  const folder =
    holderOf(full, await app.call('folders.list', {})) ?? holderOf(full, await app.call('history.pastFolders', {}));
  if (!folder)
    throw new TriplicateError('app/not-found', `${full} is not in a protected folder, and no destination holds it.`, {
      hint: '`folder list` shows them.',
    });
  const relative = full.slice(folder.path.length).replace(/^[/\\]+/, '');
  return { folder, key: Buffer.from(relative.split(sep).join('/')).toString('base64url') };
}

/** The innermost one. */
function holderOf<One extends { readonly path: string }>(full: string, folders: readonly One[]): One | undefined {
  return folders.filter(({ path }) => isAtOrBelow(full, path)).sort((a, b) => b.path.length - a.path.length)[0];
}
