import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { CONTENT_SECURITY_POLICY, mediaTypeOf } from './interface-files.ts';

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** A file below `folder` for a URL path; undefined for what is not there or lies outside. */
export async function readStatic(folder: string, path: string): Promise<StaticFile | undefined> {
  try {
    const name = decodeURIComponent(path === '/' ? '/index.html' : path);
    const type = mediaTypeOf(name);
    if (type === undefined || name.includes('\0') || name.split(/[/\\]/).some((part) => part.startsWith('.')))
      return undefined;
    const root = await realpath(folder);
    const file = await realpath(join(root, name));
    if (!file.startsWith(root + sep)) return undefined;
    return { type, bytes: await readFile(file) };
  } catch {
    return undefined;
  }
}
