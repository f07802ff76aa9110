import { expect, test } from 'vitest';
import { mayStay } from '../../../../renderer/history/kept-hits.ts';
import { search } from '../../../support/fake-history.ts';

test('what an earlier question found stays only where it would be an answer to this one', () => {
  const [hit] = search(Date.now(), 'wedding', 'all');
  if (hit === undefined) throw new Error('The sample has no such file.');
  const question = { text: 'wed', folderId: '', which: 'all' } as const;
  expect(mayStay(hit, question)).toBe(true);
  expect(mayStay(hit, { ...question, text: 'SPEECH wed' })).toBe(true);
  expect(mayStay({ ...hit, path: 'Café.txt' }, { ...question, text: 'cafe' })).toBe(true);
  expect(mayStay(hit, { ...question, text: 'tax' })).toBe(false);
  expect(mayStay(hit, { ...question, folderId: 'f-photos' })).toBe(false);
  expect(mayStay({ ...hit, existsNow: true }, { ...question, which: 'deleted' })).toBe(false);
});
