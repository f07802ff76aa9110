import { chmod, readdir, rm } from 'node:fs/promises';

/** What systems say where a folder's own mode is in the way. */
const CLOSED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'ENOTEMPTY']);
const SLASH = Buffer.from('/');

/**
 * Removes a folder of ours and all that is in it, also below folders that not even their owner may write to, as a restore brings
 * them back. @throws what the system says
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!CLOSED.has((error as NodeJS.ErrnoException).code)) throw error;
    await openFolders(Buffer.from(path));
    await rm(path, { recursive: true, force: true });
  }
}

/** Names are bytes: not all of them are UTF-8. */
async function openFolders(path: Buffer): Promise<void> {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' }))
    if (entry.isDirectory()) await openFolders(Buffer.concat([path, SLASH, entry.name]));
}
