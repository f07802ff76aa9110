/** Short ways to write bytes in tests. */

export function hex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, 'hex'));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** `count` bytes that count up from `first`. */
export function counting(first: number, count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, index) => first + index);
}

export function text(content: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(content, 'utf8'));
}
