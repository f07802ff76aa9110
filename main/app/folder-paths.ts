import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A mount of a server that is away may never say where a link leads. */
const LINKS_MS = 2000;

/** Whether the path is the folder or lies below it, by their texts. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** The path without links, as far as it is there, and as it is given when that is not told soon. */
export async function realPath(path: string): Promise<string> {
  const late = new AbortController();
  const given = delay(LINKS_MS, path, { signal: late.signal }).catch(() => path);
  try {
    return await Promise.race([withoutLinks(path), given]);
  } finally {
    late.abort();
  }
}

async function withoutLinks(path: string): Promise<string> {
  for (let here = path; ; here = dirname(here)) {
    const real = await realpath(here).catch(() => undefined);
    if (real !== undefined) return join(real, relative(here, path));
    if (dirname(here) === here) return path;
  }
}
