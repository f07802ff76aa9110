/**
 * Characters that break a line, hide, or turn the order of what stands around them, so that a name could pass for another.
 * Joiners stay: emoji and several scripts need them.
 */
const HIDDEN = /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;

/** A name or path as it may stand on screen: what cannot be seen is written as its number, as on the command line. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (one) => `\\u{${one.codePointAt(0)?.toString(16) ?? ''}}`);
}
