import { lstat } from 'node:fs/promises';

export const MISSING = 'The folder cannot be found. Its old versions are kept.';

/** Which directory stands at a path, or a sentence for a person on why there is none. */
export type Found = { readonly identity: string } | { readonly identity: null; readonly reason: string };

export function isSame(a: Found, b: Found): boolean {
  if (a.identity === null && b.identity === null) return a.reason === b.reason;
  return a.identity === b.identity;
}

/** What stands at the path: another directory has another identity. A link is not followed, as a backup does not either. */
export async function identityOf(path: string): Promise<Found | 'unknown'> {
  try {
    const found = await lstat(path, { bigint: true });
    if (found.isDirectory()) return { identity: `${found.dev}:${found.ino}` };
    const what = found.isSymbolicLink() ? 'A link' : 'Something else';
    return { identity: null, reason: `${what} has taken the place of the folder. Its old versions are kept.` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return 'unknown';
    return { identity: null, reason: MISSING };
  }
}
