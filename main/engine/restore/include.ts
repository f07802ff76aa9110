import { compilePattern, matches, mayMatchBelow } from '../backup/exclude.ts';
import type { PathSegments } from '../walk/walk-tree.ts';

/**
 * `from`: on the way to, or itself, the folder that is restored; `above`: on the way to something included; `maybe`: a
 * pattern may fit something below.
 */
export type PathMatch = 'outside' | 'from' | 'above' | 'maybe' | 'inside';

export interface PathMatcher {
  match(path: PathSegments): PathMatch;
  /** Whether everything below the folder is `inside`, and nothing is to be learned from asking for it. */
  takesAllBelow(folder: PathSegments): boolean;
  /** Included paths and patterns that were never met. */
  unmatched(): readonly string[];
}

interface Node {
  readonly below: Map<string, Node>;
  included: boolean;
  met: boolean;
}

/** The names of a path, empty ones and `.` left out. */
export function segmentsOf(path: string | Uint8Array): PathSegments {
  const text = Buffer.from(path).toString('latin1');
  return text
    .split('/')
    .filter((name) => name !== '' && name !== '.')
    .map((name) => Buffer.from(name, 'latin1'));
}

/** Decides for each path of a snapshot whether it is asked for. */
export function matcher(from: PathSegments, include?: readonly (string | Uint8Array)[]): PathMatcher {
  const root: Node = { below: new Map(), included: false, met: true };
  const wanted = include && include.length > 0 ? include : [joined(from)];
  const ends = wanted.map((path) => ({ path, node: add(root, segmentsOf(path)) }));
  const find = (path: PathSegments): Node | undefined => {
    for (let i = 0; i < Math.min(path.length, from.length); i++) {
      if (Buffer.compare(path[i] as Uint8Array, from[i] as Uint8Array) !== 0) return undefined;
    }
    let node: Node | undefined = root;
    for (const name of path) {
      if (!node || node.included) break;
      node = node.below.get(Buffer.from(name).toString('latin1'));
    }
    return node;
  };
  return {
    match(path) {
      const node = find(path);
      if (!node) return 'outside';
      node.met = true;
      if (path.length <= from.length) return 'from';
      return node.included ? 'inside' : 'above';
    },
    takesAllBelow: (folder) => folder.length >= from.length && find(folder)?.included === true,
    unmatched: () => ends.filter(({ node }) => !node.met).map(({ path }) => Buffer.from(path).toString('utf8')),
  };
}

/** restic's patterns, as for exclusions; one that begins with `/` may also be the very path. @throws `usage` */
export function patternMatcher(texts: readonly string[]): PathMatcher {
  const patterns = texts.map((text) => ({ text, pattern: compilePattern(text), met: false }));
  const literals = texts.filter((text) => text.startsWith('/'));
  const literal = literals.length > 0 ? matcher([], literals) : undefined;
  const match = (path: PathSegments): PathMatch => {
    const exact = literal?.match(path) ?? 'outside';
    if (exact === 'inside') return 'inside';
    const names = path.map((name) => Buffer.from(name).toString('utf8'));
    let included = false;
    for (const one of patterns) {
      if (!matches(one.pattern, names)) continue;
      one.met = true;
      included = !one.pattern.keeps;
    }
    if (included) return 'inside';
    if (exact !== 'outside') return exact;
    return patterns.some(({ pattern }) => mayMatchBelow(pattern, names)) ? 'maybe' : 'outside';
  };
  return {
    match,
    // What a pattern fits, it takes with everything below; only another one could still say otherwise, or be met there.
    takesAllBelow: (folder) =>
      literal?.takesAllBelow(folder) ||
      (patterns.every(({ pattern, met }) => met && !pattern.keeps) && match(folder) === 'inside'),
    unmatched() {
      const notExact = new Set(literal?.unmatched());
      return patterns
        .filter(({ text, pattern, met }) => !met && !pattern.keeps && (!text.startsWith('/') || notExact.has(text)))
        .map(({ text }) => text);
    },
  };
}

function add(root: Node, path: PathSegments): Node {
  let node = root;
  for (const name of path) {
    const key = Buffer.from(name).toString('latin1');
    const next = node.below.get(key) ?? { below: new Map(), included: false, met: false };
    node.below.set(key, next);
    node = next;
  }
  node.included = true;
  return node;
}

function joined(path: PathSegments): Uint8Array {
  return Buffer.concat(path.flatMap((name) => [Buffer.from('/'), name]));
}
