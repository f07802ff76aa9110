import { TriplicateError } from '../errors.ts';
import { runeLength } from './json-text.ts';
import { isPrintable } from './printable.ts';

const BACKSLASH = 0x5c;
const QUOTE = 0x22;
const SHORT_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
  [BACKSLASH, '\\\\'],
  [QUOTE, '\\"'],
]);
const SHORT_MEANINGS: ReadonlyMap<string, number> = new Map([
  ...[...SHORT_ESCAPES].map(([byte, text]): [string, number] => [text.charAt(1), byte]),
]);

/** The raw bytes of a file name as Go's strconv.Quote writes them, without its outer quotes (format, section 8.3). */
export function quoteName(raw: Uint8Array): string {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (isPlain(bytes)) return bytes.toString('latin1');
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = runeLength(bytes, at);
    text += length === 0 ? hexEscape('x', bytes[at] as number, 2) : quoteRune(bytes.toString('utf8', at, at + length));
    at += length === 0 ? 1 : length;
  }
  return text;
}

/** The raw bytes of a name as it stands in a tree, after JSON decoding. @throws `repo/damaged` on what Go refuses */
export function unquoteName(text: string): Uint8Array<ArrayBuffer> {
  if (!text.includes('\\')) {
    if (text.includes('"') || text.includes('\n')) throw badName(text);
    return Buffer.from(text, 'utf8');
  }
  const parts: Uint8Array[] = [];
  let at = 0;
  while (at < text.length) {
    const backslash = text.indexOf('\\', at);
    const end = backslash === -1 ? text.length : backslash;
    const literal = text.slice(at, end);
    if (literal.includes('"') || literal.includes('\n')) throw badName(text);
    parts.push(Buffer.from(literal, 'utf8'));
    at = backslash === -1 ? end : unquoteEscape(text, backslash, parts);
  }
  return Buffer.concat(parts);
}

/** Appends what the escape at `at` stands for and gives the position behind it. */
function unquoteEscape(text: string, at: number, parts: Uint8Array[]): number {
  const kind = text.charAt(at + 1);
  const short = SHORT_MEANINGS.get(kind);
  if (short !== undefined) {
    parts.push(Uint8Array.of(short));
    return at + 2;
  }
  if (/^[0-7]{3}$/.test(text.slice(at + 1, at + 4))) {
    const value = Number.parseInt(text.slice(at + 1, at + 4), 8);
    if (value > 255) throw badName(text);
    parts.push(Uint8Array.of(value));
    return at + 4;
  }
  const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
  const hex = text.slice(at + 2, at + 2 + digits);
  if (digits === 0 || hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) throw badName(text);
  const value = Number.parseInt(hex, 16);
  if (kind === 'x') parts.push(Uint8Array.of(value));
  else if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw badName(text);
  else parts.push(Buffer.from(String.fromCodePoint(value), 'utf8'));
  return at + 2 + digits;
}

function quoteRune(rune: string): string {
  const code = rune.codePointAt(0) ?? 0;
  const short = SHORT_ESCAPES.get(code);
  if (short !== undefined) return short;
  if (isPrintable(code)) return rune;
  if (code < 0x20 || code === 0x7f) return hexEscape('x', code, 2);
  return code > 0xffff ? hexEscape('U', code, 8) : hexEscape('u', code, 4);
}

function hexEscape(kind: 'x' | 'u' | 'U', value: number, digits: number): string {
  return `\\${kind}${value.toString(16).padStart(digits, '0')}`;
}

function isPlain(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH || byte === QUOTE) return false;
  }
  return true;
}

function badName(text: string): TriplicateError {
  return new TriplicateError('repo/damaged', `A stored name cannot be read: ${JSON.stringify(text.slice(0, 100))}`);
}
