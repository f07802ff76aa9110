import { describe, expect, it } from 'vitest';
import { compileExcludes, compileFind } from '../../../../main/engine/backup/exclude.ts';

/** pattern, path, excluded? As `restic backup --exclude` decides; null where restic refuses the pattern. */
const CASES: readonly (readonly [string, string, boolean | null])[] = [
  ['*.tmp', '/home/a/x.tmp', true],
  ['*.tmp', '/home/a/x.tmp.txt', false],
  ['*.tmp', '/home/a/x.tmp/inside', true],
  ['node_modules', '/srv/p/node_modules', true],
  ['node_modules', '/srv/p/node_modules/lib/a.js', true],
  ['node_modules', '/srv/p/my_node_modules', false],
  ['/srv/p', '/srv/p/x', true],
  ['/srv/p', '/home/srv/p/x', false],
  ['a/b', '/x/a/b', true],
  ['a/b', '/x/a/c/b', false],
  ['a/**/b', '/x/a/c/d/b', true],
  ['a/**/b', '/x/a/b', true],
  ['/**/b', '/x/y/b', true],
  ['?', '/x/y', true],
  ['[a-c]x', '/bx', true],
  ['[^a-c]x', '/bx', false],
  ['\\*', '/x/*', true],
  ['\\*', '/x/y', false],
  ['*.TMP', '/x/a.tmp', false],
  ['with space', '/x/with space', true],
  ['a+b(c)', '/x/a+b(c)', true],
  ['{a,b}', '/x/a', false],
  ['?', '/x/😀', true],
  ['[😀a]', '/x/😀', true],
  ['[\\]x]', '/x/]', true],
  ['[z-a]', '/x/b', false],
  ['[!a]', '/x/b', false],
  ['[^]a]', '/x/b', null],
  ['a/../b', '/x/b', true],
  ['b/.', '/x/b', true],
  ['.*', '/x/.hidden', true],
  ['[', '/x', null],
  ['a[b', '/x', null],
  ['a\\', '/x', null],
  ['[a-]', '/x', null],
  ['[]', '/x', null],
];

describe('an exclusion pattern', () => {
  it.each(CASES)('%s on %s: %s', (pattern, path, excluded) => {
    if (excluded === null) {
      expect(() => compileExcludes([pattern])).toThrow(expect.objectContaining({ code: 'usage' }));
    } else expect(compileExcludes([pattern])(path)).toBe(excluded);
  });

  it('is taken back by a later one that begins with !', () => {
    const excluded = compileExcludes(['*.log', '!keep.log']);
    expect([excluded('/a/x.log'), excluded('/a/keep.log')]).toEqual([true, false]);
  });

  it('excludes nothing when there is none', () => {
    expect(compileExcludes(['', '  '])('/anything')).toBe(false);
  });
});

describe('a pattern of find', () => {
  it.each([
    ['f', '/s/a/f', true],
    ['a', '/s/a/f', true],
    ['a/f', '/s/a/f', true],
    ['a/f', '/s/a/d/f', false],
    ['d/*', '/s/d/e', true],
    ['/a/f', '/s/a/f', false],
    ['/s/**/f', '/s/a/f', true],
    ['./a/f', '/s/a/f', true],
    ['!f', '/s/a/f', true],
    ['F', '/s/a/f', false],
  ] as const)('%s and %s: %s, as with restic', (pattern, path, fits) => {
    expect(compileFind(pattern, 'exact')(path)).toBe(fits);
  });

  it('takes capital and small letters for the same where that is wanted', () => {
    expect(compileFind('A/[F-G]', 'ignore')('/s/a/F')).toBe(true);
  });

  it.each(['', '[', 'a/[', '\\'])('is refused when it is "%s"', (pattern) => {
    expect(() => compileFind(pattern, 'exact')).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
