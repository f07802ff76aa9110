import { chmod, lstat, readdir, rm } from 'node:fs/promises';

const SLASH = Buffer.from('/');
const OPEN = 0o700;

/**
 * Removes a folder of ours and all that is in it, also below folders that not even their owner may write to, as a restore brings
 * them back. @throws what the system says
 */
export async function removeTree(path: string): Promise<void> {
  // Before anything goes: `rm` that has met such a folder gives up and still removes what is beside it, meanwhile.
  await openFolders(Buffer.from(path));
  await rm(path, { recursive: true, force: true });
}

/** Names are bytes: not all of them are UTF-8. */
async function openFolders(path: Buffer): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isDirectory()) return;
  if ((found.mode & OPEN) !== OPEN) await chmod(path, OPEN);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' }))
    if (entry.isDirectory()) await openFolders(Buffer.concat([path, SLASH, entry.name]));
}
