declare const brand: unique symbol;

/**
 * A name or path as the system keeps it, bytes of any kind: one character (U+0000 to U+00FF) for each byte. A string, as
 * a Buffer for each name is memory outside the heap, which costs three times what listing the directory does.
 */
export type BytePath = string & { readonly [brand]: true };

const ASCII = /^[\0-\x7f]*$/;

export function bytePathOf(path: string | Uint8Array): BytePath {
  if (typeof path === 'string' && ASCII.test(path)) return path as BytePath;
  const bytes = typeof path === 'string' ? Buffer.from(path) : Buffer.from(path.buffer, path.byteOffset, path.length);
  return bytes.toString('latin1') as BytePath;
}

export function joinBytePath(directory: BytePath, name: BytePath): BytePath {
  return (directory.endsWith('/') ? directory + name : `${directory}/${name}`) as BytePath;
}

/** What system calls take. */
export function forSystem(path: BytePath): string | Buffer {
  return ASCII.test(path) ? path : bytesOf(path);
}

export function bytesOf(path: BytePath): Buffer<ArrayBuffer> {
  return Buffer.from(path, 'latin1');
}

/** For patterns and messages: what is not UTF-8 becomes U+FFFD. */
export function textOf(path: BytePath): string {
  return ASCII.test(path) ? path : bytesOf(path).toString('utf8');
}
