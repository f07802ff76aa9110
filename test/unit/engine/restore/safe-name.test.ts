import { expect, it } from 'vitest';
import { besideName } from '../../../../main/engine/restore/safe-name.ts';

it.each([
  ['report.txt', 1, 'report (restored).txt'],
  ['report.txt', 2, 'report (restored 2).txt'],
  ['.profile', 1, '.profile (restored)'],
  [`${'a'.repeat(250)}.txt`, 1, `${'a'.repeat(240)} (restored).txt`],
  [`${'é'.repeat(125)}.txt`, 1, `${'é'.repeat(120)} (restored).txt`],
  [`${'é'.repeat(125)}a.txt`, 12, `${'é'.repeat(118)} (restored 12).txt`],
  [`a.${'b'.repeat(253)}`, 1, `a.${'b'.repeat(242)} (restored)`],
])('beside %s, at attempt %i: a name that a folder takes', (name, attempt, expected) => {
  const beside = Buffer.from(besideName(Buffer.from(name), attempt));
  expect(beside.toString()).toBe(expected);
  expect(beside.length).toBeLessThanOrEqual(255);
});
