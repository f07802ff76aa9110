/**
 * The bundle of the command line (`npm run build -- cli`), which Node loads faster than the sources. It is run only while it
 * was made from just these sources: whoever edits one runs what was edited. Plain JavaScript, as `bin.js` is.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the bundle says what it was made from. */
export const STAMP = `${root}out/cli/sources.sha256`;

/** What the bundle is made from: names, sizes and times of the sources and of the list of libraries. */
export function sourceStamp() {
  const digest = createHash('sha256');
  const add = (path) => {
    const { size, mtimeMs } = statSync(root + path);
    digest.update(`${path} ${size} ${mtimeMs}\n`);
  };
  const addBelow = (folder) => {
    for (const entry of readdirSync(root + folder, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) addBelow(path);
      else add(path);
    }
  };
  for (const path of ['package.json', 'package-lock.json', 'config/vite.cli.ts', 'config/file-urls.ts']) add(path);
  addBelow('main');
  return digest.digest('hex');
}

/** The address of the program: the bundle's where it fits the sources, else the sources'. */
export function programUrl() {
  const bundle = new URL('../../out/cli/cli.js', import.meta.url);
  return isCurrent() ? bundle : new URL('../cli.ts', import.meta.url);
}

function isCurrent() {
  try {
    return readFileSync(STAMP, 'utf8') === sourceStamp();
  } catch {
    return false;
  }
}
