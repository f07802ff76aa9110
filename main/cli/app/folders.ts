import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../outcome.ts';
import { destinationNamed, folderAt } from './names.ts';
import type { AppSession } from './session.ts';

interface AddOptions {
  readonly exclude: readonly string[];
  readonly to: readonly string[];
  readonly name?: string;
}

/** Protects a folder; one that is protected already goes to the named destinations too. */
export async function addFolder(session: AppSession, path: string, options: AddOptions): Promise<ExitCode> {
  const chosen = (await Promise.all(options.to.map((name) => destinationNamed(session, name)))).map(({ id }) => id);
  const full = resolve(path);
  const known = (await session.app.call('folders.list', {})).find((one) => one.path === full);
  const folder =
    known && chosen.length > 0
      ? await session.app.call('folders.update', {
          id: known.id,
          destinationIds: [...new Set([...known.destinationIds, ...chosen])],
          ...(options.exclude.length > 0 ? { excludes: [...options.exclude] } : {}),
          ...(options.name === undefined ? {} : { name: options.name }),
        })
      : await session.app.call('folders.add', {
          path: full,
          excludes: [...options.exclude],
          ...(options.name === undefined ? {} : { name: options.name }),
          ...(chosen.length === 0 ? {} : { destinationIds: chosen }),
        });
  session.json(folder);
  const names = folder.copies.map(({ destinationName }) => destinationName);
  session.say(
    `${folder.path} is protected${names.length === 0 ? '; add a destination for it.' : `, to ${names.join(' and ')}.`}`,
  );
  return EXIT.done;
}

export async function listFolders(session: AppSession): Promise<ExitCode> {
  const folders = await session.app.call('folders.list', {});
  session.json(folders);
  if (folders.length === 0) session.say('No folder is protected yet.');
  for (const { path, copies } of folders)
    session.say(`${path}  →  ${copies.map((one) => one.destinationName).join(', ') || 'nowhere yet'}`);
  return EXIT.done;
}

export async function removeFolder(session: AppSession, path: string): Promise<ExitCode> {
  const folder = await folderAt(session, path);
  await session.app.call('folders.remove', { id: folder.id });
  session.json({ removed: folder.path });
  session.say(`${folder.path} is no longer protected. Its old versions stay at the destinations.`);
  return EXIT.done;
}
