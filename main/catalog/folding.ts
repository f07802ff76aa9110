/**
 * How names are compared: without case, accents and width. The search index holds trigrams of a name between marks, so that
 * "begins with", "ends with" and "a word begins with" are questions to the index as well.
 */

const ASCII = /^[\u0020-\u007e]*$/;
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ı: 'i',
  þ: 'th',
  ς: 'σ',
};
const NAME_START = '\u0002';
const NAME_END = '\u0002';
const WORD_START = '\u0001';
/** Word beginnings that are indexed, and trigrams of a word that are asked for: more narrows nothing any more. */
const MOST_WORDS = 8;
const MOST_TRIGRAMS = 12;

export function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{Mn}/gu, '')
    .replace(/[ßæœøđðłıþς]/g, (letter) => LETTERS[letter] ?? letter)
    .normalize('NFC')
    .replace(/\p{Cc}/gu, ' ');
}

/** A word begins after a sign, at a capital after a small letter, between letter and digit, at each ideograph. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]|\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{Lu}|\p{N}+/gu;

/** The folded rest of the name from the beginning of each word but the first, in order. */
export function wordTails(name: string): readonly string[] {
  return Array.from(laterWords(name), ({ index }) => fold(name.slice(index)));
}

/** What the index holds of a name. */
export function indexText(name: string): string {
  let text = `${NAME_START}${NAME_START}${fold(name)}${NAME_END}`;
  for (const { index } of laterWords(name)) {
    text += WORD_START + [...fold(name.slice(index, index + 6))].slice(0, 2).join('');
  }
  return text;
}

function* laterWords(name: string): Generator<{ readonly index: number }> {
  let count = 0;
  for (const { index } of name.matchAll(WORD)) {
    if (index === 0) continue;
    yield { index };
    if (++count === MOST_WORDS) return;
  }
}

/** The words of a query, folded; a slash parts words, as it parts the names of a path. */
export function queryWords(text: string): readonly string[] {
  return fold(text.replaceAll('/', ' ')).split(/\s+/).filter(Boolean);
}

/**
 * How the query's first word may be spelled in a name as it is: SQLite knows of no case but that of English, and of no accents.
 * Folding each name for the comparison would take seconds.
 */
export function spellingsOf(query: string, folded: string): readonly string[] {
  const [typed = ''] = query.replaceAll('/', ' ').trim().split(/\s+/);
  if (ASCII.test(typed)) return [folded];
  const cases = [folded, typed, typed.toLowerCase(), typed.toUpperCase()];
  return [...new Set(cases.flatMap((text) => [text.normalize('NFC'), text.normalize('NFD')]))];
}

export function trigrams(text: string): readonly string[] {
  const letters = [...text];
  const found = new Set<string>();
  for (let i = 0; i + 3 <= letters.length && found.size < MOST_TRIGRAMS; i++)
    found.add(letters.slice(i, i + 3).join(''));
  return [...found];
}

/** Trigrams of names that begin with the word; works from one letter on. */
export function startTrigrams(word: string): readonly string[] {
  const [first = '', second] = [...word];
  return second === undefined ? [NAME_START + NAME_START + first] : [NAME_START + first + second, ...trigrams(word)];
}

/** Trigrams of names that are the text and nothing else. */
export function wholeTrigrams(text: string): readonly string[] {
  return trigrams(`${NAME_START}${NAME_START}${text}${NAME_END}`);
}

/** The trigram of names in which a later word begins with these two letters; none for a single letter. */
export function wordTrigram(word: string): string | undefined {
  const [first, second] = [...word];
  return first === undefined || second === undefined ? undefined : WORD_START + first + second;
}

/** An expression for FTS5 that wants all of them. */
export function allOf(wanted: readonly string[]): string {
  return [...new Set(wanted)].map((one) => `"${one.replaceAll('"', '""')}"`).join(' AND ');
}
