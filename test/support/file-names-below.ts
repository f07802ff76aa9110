import { readdir } from 'node:fs/promises';

/** The names of all files below a folder, without their folders. */
export async function fileNamesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}
