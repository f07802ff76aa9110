import { extname } from 'node:path';

/** What both hosts say of the interface's files, so that a page may do the same in the window and in the browser. */

/**
 * No remote content, no inline scripts. Styles may be inline, because Mantine puts its variables into style elements and
 * attributes; pictures and frames may be `blob:` for previews and for the recovery page on its way to the printer.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "frame-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/** The media type of a file by its name; undefined for what the interface does not consist of. */
export function mediaTypeOf(name: string): string | undefined {
  return MEDIA_TYPES[extname(name)];
}
