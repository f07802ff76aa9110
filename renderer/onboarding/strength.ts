/** How hard a passphrase is to guess, roughly: enough to warn, never to forbid beyond the length. */
export interface Strength {
  /** 0 to 4. */
  readonly level: 0 | 1 | 2 | 3 | 4;
  readonly words: string;
}

const LEVELS = [
  'Too short: 8 characters at least',
  'Weak: easy to guess',
  'Fair: a few more words would help',
  'Good',
  'Strong',
] as const;

/** Estimates from length, kinds of characters and repetition; four plain words count as strong. */
export function strength(passphrase: string): Strength {
  if (passphrase.length < 8) return { level: 0, words: LEVELS[0] };
  const bits = entropyBits(passphrase);
  const level = bits < 36 ? 1 : bits < 50 ? 2 : bits < 64 ? 3 : 4;
  return { level, words: LEVELS[level] };
}

function entropyBits(passphrase: string): number {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(passphrase)).length;
  const bitsPerCharacter = [0, 3, 3.6, 4.2, 4.6][kinds] ?? 3;
  const different = new Set(passphrase.toLowerCase()).size;
  // Repeats add little: "aaaaaaaaaaaa" is hardly better than "a".
  const effective = Math.min(passphrase.length, different * 2.2);
  return effective * bitsPerCharacter;
}
