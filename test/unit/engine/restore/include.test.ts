import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matcher, type PathMatcher, patternMatcher, segmentsOf } from '../../../../main/engine/restore/include.ts';

const name = fc.constantFrom('a', 'b', 'c.txt');
const path = fc.array(name, { maxLength: 4 }).map((names) => `/${names.join('/')}`);
const pattern = fc.oneof(path, fc.constantFrom('a', '*.txt', '!b', '/a/**', '**/b', '/', '?', '!/a/b'));
const isDirectly = (make: () => PathMatcher): (() => PathMatcher) => make;
const make: fc.Arbitrary<() => PathMatcher> = fc.oneof(
  fc
    .tuple(path, fc.option(fc.array(path, { minLength: 1, maxLength: 3 }), { nil: undefined }))
    .map(([from, include]) => isDirectly(() => matcher(segmentsOf(from), include))),
  fc.array(pattern, { minLength: 1, maxLength: 4 }).map((texts) => isDirectly(() => patternMatcher(texts))),
);

it('is only not asked below a folder where it would say "inside" to everything and learn nothing', () => {
  let settled = 0;
  fc.assert(
    fc.property(make, fc.array(path, { minLength: 1, maxLength: 12 }), (made, paths) => {
      const asked = made();
      for (const one of paths) {
        const segments = segmentsOf(one);
        // As a walk does: every folder on the way first.
        for (let level = 0; level < segments.length; level++) {
          const folder = segments.slice(0, level);
          if (level > 0 && asked.match(folder) === 'outside') break;
          const before = JSON.stringify(asked.unmatched());
          if (!asked.takesAllBelow(folder)) continue;
          settled++;
          expect(asked.match(segments)).toBe('inside');
          expect(JSON.stringify(asked.unmatched())).toBe(before);
        }
      }
    }),
    { numRuns: 3000 },
  );
  expect(settled).toBeGreaterThan(1000);
});
