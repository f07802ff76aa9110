import { expect, test } from 'vitest';
import { strength } from '../../../../renderer/onboarding/strength.ts';

test('judges length and variety, not riddles', () => {
  expect(strength('short').level).toBe(0);
  expect(strength('aaaaaaaaaaaaaaaaaaaaaaaa').level).toBe(1);
  expect(strength('password').level).toBe(1);
  expect(strength('harbour violet ladder nine').level).toBe(4);
});
