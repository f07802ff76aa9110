import { readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { protocol } from 'electron';
import { APP_HOST, APP_SCHEME } from '../api/channels.ts';
import { CONTENT_SECURITY_POLICY, mediaTypeOf } from '../api/interface-files.ts';

/** Must run before the app is ready. A standard, secure scheme has an origin of its own, which `file:` does not. */
export function declareProtocol(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built interface in `folder` under `app://triplicate/`. */
export function serveInterface(folder: string): void {
  protocol.handle(APP_SCHEME, async (request) => {
    const url = new URL(request.url);
    const file = url.host === APP_HOST && request.method === 'GET' ? fileFor(folder, url.pathname) : undefined;
    if (file === undefined) return new Response('Not found', { status: 404 });
    try {
      return new Response(new Uint8Array(await readFile(file)), { headers: headersFor(file) });
    } catch {
      return new Response('Not found', { status: 404 });
    }
  });
}

/** The file inside `folder` that a path names; undefined when it would lead outside. */
export function fileFor(folder: string, pathname: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
  if (decoded.includes('\0')) return undefined;
  const path = normalize(join(folder, decoded.endsWith('/') ? `${decoded}index.html` : decoded));
  return path.startsWith(normalize(folder) + sep) ? path : undefined;
}

function headersFor(file: string): Record<string, string> {
  return {
    'content-type': mediaTypeOf(file) ?? 'application/octet-stream',
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': file.endsWith('.html') ? 'no-store' : 'max-age=31536000, immutable',
  };
}
