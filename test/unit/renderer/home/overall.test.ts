import { describe, expect, test } from 'vitest';
import type { Folder } from '../../../../main/api/contract/folders.ts';
import { byNeed, countTone, overall } from '../../../../renderer/home/overall.ts';
import { makeWorld } from '../../../support/fake-world.ts';

const good = makeWorld('good', Date.now()).folders;
const trouble = makeWorld('trouble', Date.now()).folders;
const [first] = good as [Folder];

describe('the sentence above everything', () => {
  test('counts the copies of the folder that has fewest', () => {
    expect(overall(good)).toMatchObject({ tone: 'good', sentence: 'Everything has 3 proven copies' });
  });

  test('names damage before anything that is merely missing', () => {
    expect(overall(trouble)).toMatchObject({ tone: 'danger', sentence: 'A copy of Photos is damaged' });
    expect(overall(trouble).detail).toContain('2 other folders need attention too.');
  });

  test('a folder that cannot be found comes first', () => {
    const missing: Folder = { ...first, watch: { ...first.watch, state: 'missing' } };
    expect(overall([...trouble, missing]).sentence).toBe('Documents cannot be found');
  });

  test('overdue is said even when the count is right', () => {
    expect(overall([{ ...first, overdue: true }])).toMatchObject({ tone: 'warn', sentence: 'Documents is overdue' });
  });

  test('three copies in one place are not "everything"', () => {
    const together: Folder = {
      ...first,
      rule: {
        ...first.rule,
        satisfied: false,
        missing: [
          {
            part: 'offsite',
            text: 'No copy is elsewhere.',
            fix: { action: 'add-destination', kind: 'cloud', offsite: true },
          },
        ],
      },
    };
    expect(overall([together])).toMatchObject({ tone: 'warn', detail: 'No copy is elsewhere.' });
  });

  test('nothing protected is not "everything is fine"', () => expect(overall([]).tone).toBe('warn'));
});

test('the folder that needs a person most stands on top', () => {
  expect(byNeed([...good, ...trouble])[0]?.name).toBe('Photos');
  expect(byNeed(good)).toEqual(good);
});

test('one copy alone is a danger, two are a warning', () => {
  const with_ = (have: number): Folder => ({
    ...first,
    rule: { ...first.rule, satisfied: false, copies: { have, need: 3 } },
  });
  expect([countTone(with_(1)), countTone(with_(2)), countTone(first)]).toEqual(['danger', 'warn', 'good']);
});
