import { expect, test } from 'vitest';
import { changed } from '../../../../renderer/parts/changed.ts';
import { visible } from '../../../../renderer/parts/visible.ts';

test.each([
  ['\u202Efdp.exe', '\\u{202e}fdp.exe'],
  ['a\nb\0', 'a\\u{a}b\\u{0}'],
  ['in\u200Bvisible\u{E0041}', 'in\\u{200b}visible\\u{e0041}'],
  ['שלום 12.txt', 'שלום 12.txt'],
  ['👩‍👩‍👧.png', '👩‍👩‍👧.png'],
  ['__proto__', '__proto__'],
])('%j is shown as %j', (name, shown) => expect(visible(name)).toBe(shown));

test('only what was changed is sent', () => {
  const before = { name: 'Blue', retention: { days: 3 }, offsite: false };
  expect(changed(before, { name: 'Blue', retention: { days: 3 }, offsite: true })).toEqual({ offsite: true });
  expect(changed(before, before)).toEqual({});
});
