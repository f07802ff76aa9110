import { expect, it } from 'vitest';
import { markParts } from '../../../../renderer/history/marked.tsx';

const told = (text: string, words: string) =>
  markParts(text, words)
    .map((part) => (part.marked === 'yes' ? `[${part.text}]` : part.text))
    .join('');

it('marks each searched word where it stands first, whatever its case', () => {
  expect(told('To-Grandmother (copy).txt', 'grand copy')).toBe('To-[Grand]mother ([copy]).txt');
  expect(told('banana', 'an')).toBe('b[an]ana');
  expect(told('banana', 'ban ana')).toBe('[bana]na');
});

it('marks nothing where nothing is searched, or where letters change their length', () => {
  expect(told('notes.txt', '')).toBe('notes.txt');
  expect(told('İstanbul', 'stan')).toBe('İstanbul');
});
