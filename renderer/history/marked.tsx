/** The text with the searched words marked, each where it stands first. */
export function Marked({ text, words }: { readonly text: string; readonly words: string }) {
  const parts = markParts(text, words);
  return parts.map((part) => (part.marked === 'yes' ? <mark key={part.at}>{part.text}</mark> : part.text));
}

export interface MarkPart {
  /** Where it begins in the text. */
  readonly at: number;
  readonly text: string;
  readonly marked: 'yes' | 'no';
}

/** Cuts `text` where a searched word begins and ends. Letters that change their length in lower case are left unmarked. */
export function markParts(text: string, words: string): readonly MarkPart[] {
  const lower = text.toLowerCase();
  const whole: MarkPart = { at: 0, text, marked: 'no' };
  if (lower.length !== text.length) return [whole];
  const on = new Array<boolean>(text.length).fill(false);
  for (const word of words.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = lower.indexOf(word);
    if (at >= 0) on.fill(true, at, at + word.length);
  }
  const parts: MarkPart[] = [];
  for (let at = 0; at < text.length; ) {
    let end = at + 1;
    while (end < text.length && on[end] === on[at]) end++;
    parts.push({ at, text: text.slice(at, end), marked: on[at] ? 'yes' : 'no' });
    at = end;
  }
  return parts;
}
