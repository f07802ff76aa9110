/** JSON strings exactly as Go's encoding/json writes them (format, section 8.2): tree ids depend on it. */

/** True when every character stands for itself in JSON. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/;
const SPECIAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be escaped
  /["\\<>&\u0000-\u001f\u2028\u2029]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** `text` as a JSON string with its quotes. A lone surrogate becomes `\ufffd`, as invalid UTF-8 does in restic. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : `"${text.replace(SPECIAL, escapeOf)}"`;
}

/** Raw bytes as a JSON string; each byte that is not part of valid UTF-8 becomes `\\ufffd`. */
export function jsonStringOfBytes(raw: Uint8Array): string {
  return jsonString(textOfBytes(raw, LONE_SURROGATE));
}

/** The text of raw bytes with one U+FFFD for each invalid byte, as Go reads a string; a decoder would merge several. */
export function goText(raw: Uint8Array): string {
  return textOfBytes(raw, '\ufffd');
}

/** Stands for an invalid byte until it is written, because a genuine U+FFFD is written literally. */
const LONE_SURROGATE = '\udc00';

function textOfBytes(raw: Uint8Array, invalid: string): string {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  let text = '';
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    const length = runeLength(bytes, at);
    if (length === 0) {
      text += bytes.toString('utf8', start, at) + invalid;
      start = at + 1;
    }
    at += length || 1;
  }
  return text + bytes.toString('utf8', start);
}

/** Bytes of the valid UTF-8 rune at `at`, or 0 when there is none: no surrogates, no overlong forms, up to U+10FFFF. */
export function runeLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[at + 1] ?? 0;
  if (first < 0xe0) return isContinuation(second) ? 2 : 0;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest || !isContinuation(bytes[at + 2] ?? 0)) return 0;
  if (first < 0xf0) return 3;
  return isContinuation(bytes[at + 3] ?? 0) ? 4 : 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function escapeOf(character: string): string {
  switch (character) {
    case '"':
      return '\\"';
    case '\\':
      return '\\\\';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
  }
  const code = character.charCodeAt(0);
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return `\\u${code.toString(16).padStart(4, '0')}`;
}
