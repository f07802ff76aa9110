import type { SearchHit } from '../../main/api/contract/history.ts';

/** What is asked for: the words, in which folder (empty: in all), deleted ones only or all. */
export interface Question {
  readonly text: string;
  readonly folderId: string;
  readonly which: 'all' | 'deleted';
}

/** Whether what an earlier question found may stay on screen until the answer to this one is there. */
export function mayStay(hit: SearchHit, { text, folderId, which }: Question): boolean {
  if (which === 'deleted' && hit.existsNow) return false;
  if (folderId !== '' && hit.folderId !== folderId) return false;
  const path = fold(hit.path);
  return fold(text)
    .split(/\s+/)
    .every((word) => path.includes(word));
}

/** Without case and accents, as the app searches. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
