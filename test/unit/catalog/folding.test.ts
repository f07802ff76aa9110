import { describe, expect, it } from 'vitest';
import { fold, indexText, queryWords, wordTails } from '../../../main/catalog/folding.ts';

describe('fold', () => {
  it.each([
    ['Straße', 'strasse'],
    ['ÉTÉ', 'ete'],
    ['e\u0301te\u0301', 'ete'],
    ['Łódź', 'lodz'],
    ['ＡＢＣ', 'abc'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['한글', '한글'],
    ['a\u0001b', 'a b'],
  ])('takes %j as %j', (given, folded) => expect(fold(given)).toBe(folded));
});

describe('words of a name', () => {
  it('begin after a sign, at a capital and at a number', () => {
    expect(wordTails('taxReport_2024.pdf')).toEqual(['report_2024.pdf', '2024.pdf', 'pdf']);
  });

  it('cannot be confused with the marks of the index', () => {
    expect(indexText('\u0001\u0002x')).not.toContain('\u0001\u0002x');
  });
});

it('takes a path as the words of its names', () => {
  expect(queryWords(' Photos/Été  2024 ')).toEqual(['photos', 'ete', '2024']);
});
