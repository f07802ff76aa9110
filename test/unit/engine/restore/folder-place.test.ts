import { expect, it } from 'vitest';
import { placesOf } from '../../../../main/engine/restore/folder-place.ts';

it('looks for a folder where its path says, and where restic puts a relative one', () => {
  expect(placesOf('/home/me/docs', ['/home/me/docs'])).toEqual([['home', 'me', 'docs'], ['me', 'docs'], ['docs'], []]);
});

it('takes no other folder of a snapshot for it', () => {
  expect(placesOf('/me/docs', ['/me/docs', '/etc'])).toEqual([['me', 'docs'], ['docs']]);
  expect(placesOf('/home/me/docs', ['/home/me'])).toEqual([['home', 'me', 'docs']]);
});
