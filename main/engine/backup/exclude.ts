import { posix } from 'node:path';
import { TriplicateError } from '../errors.ts';

/**
 * restic's exclusion patterns. A pattern is matched component by component; one that begins with `/` from the root, any
 * other at every depth; `**` stands for any number of components. What lies below a match is excluded with it.
 */
export type Excluder = (path: string) => boolean;

type Component = RegExp | 'any-depth';

export interface Pattern {
  readonly fromRoot: boolean;
  readonly components: readonly Component[];
  /** Begins with `!`: takes back what earlier ones matched. */
  readonly keeps: boolean;
}

/** Says for an absolute path whether the patterns exclude it. Patterns that begin with `!` take back earlier ones. */
export function compileExcludes(patterns: readonly string[]): Excluder {
  const compiled = patterns.filter((pattern) => pattern.trim() !== '').map(compilePattern);
  if (compiled.length === 0) return () => false;
  return (path) => {
    const components = splitPath(path);
    let excluded = false;
    for (const pattern of compiled) {
      if (excluded === pattern.keeps && matches(pattern, components)) excluded = !pattern.keeps;
    }
    return excluded;
  };
}

/**
 * restic's `find`: what a pattern of these fits, and what lies below that; here `!` takes nothing back.
 * @throws `usage` for an empty pattern, and for one that restic would refuse
 */
export function compileFind(text: string, letters: 'ignore' | 'exact'): (path: string) => boolean {
  if (text === '') throw new TriplicateError('usage', 'An empty pattern fits nothing: name what is to be found.');
  const plain = (of: string): string => (letters === 'ignore' ? of.toLowerCase() : of);
  const pattern = compilePattern(plain(text));
  return (path) => matches(pattern, splitPath(plain(path)));
}

function splitPath(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** @throws `usage` when restic would refuse it */
export function compilePattern(text: string): Pattern {
  const keeps = text.startsWith('!');
  const glob = posix.normalize(keeps ? text.slice(1) : text);
  const components = splitPath(glob).map((part) => (part === '**' ? 'any-depth' : globToRegExp(part)));
  return { fromRoot: glob.startsWith('/'), components, keeps };
}

/** Whether the pattern matches the path or something above it. */
export function matches(pattern: Pattern, path: readonly string[]): boolean {
  const lastStart = pattern.fromRoot ? 0 : path.length - 1;
  for (let start = 0; start <= lastStart; start++) {
    if (matchesFrom(pattern.components, 0, path, start)) return true;
  }
  return false;
}

/** Whether something below the path may match: a pattern from the root fits only some ways down. */
export function mayMatchBelow(pattern: Pattern, path: readonly string[]): boolean {
  if (!pattern.fromRoot) return true;
  for (const [level, name] of path.entries()) {
    const component = pattern.components[level];
    if (component === undefined || component === 'any-depth') return true;
    if (!component.test(name)) return false;
  }
  return true;
}

function matchesFrom(components: readonly Component[], at: number, path: readonly string[], position: number): boolean {
  const component = components[at];
  if (component === undefined) return true;
  if (component === 'any-depth') {
    for (let next = position; next <= path.length; next++) {
      if (matchesFrom(components, at + 1, path, next)) return true;
    }
    return false;
  }
  const name = path[position];
  return name !== undefined && component.test(name) && matchesFrom(components, at + 1, path, position + 1);
}

/** Go's `filepath.Match` for one component: `*`, `?`, `[a-z]`, `[^a]`, `\` escapes. @throws `usage` as restic refuses it */
function globToRegExp(glob: string): RegExp {
  const chars = [...glob];
  let source = '';
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const set = readSet(chars, i + 1, glob);
      source += set.source;
      i = set.end;
    } else if (char === '\\') source += literal(chars[++i] ?? malformed(glob));
    else source += literal(char);
  }
  return new RegExp(`^${source}$`, 'su');
}

/** The set that begins at `from`; `end` is the place of its `]`. */
function readSet(chars: readonly string[], from: number, glob: string): { source: string; end: number } {
  let at = from;
  const next = (): string => {
    if (chars[at] === '\\') at++;
    return chars[at++] ?? malformed(glob);
  };
  const negated = chars[at] === '^';
  if (negated) at++;
  let ranges = '';
  do {
    if (chars[at] === ']' || chars[at] === '-') malformed(glob);
    const low = next();
    let high = low;
    if (chars[at] === '-') {
      at++;
      if (chars[at] === ']') malformed(glob);
      high = next();
    }
    // Go takes a range of nothing for one that never matches.
    if ((low.codePointAt(0) ?? 0) <= (high.codePointAt(0) ?? 0)) ranges += `${literal(low)}-${literal(high)}`;
    if (at >= chars.length) malformed(glob);
  } while (chars[at] !== ']');
  const nothing = negated ? '[^/]' : '[]';
  return { source: ranges === '' ? nothing : `(?!/)[${negated ? '^' : ''}${ranges}]`, end: at };
}

function malformed(glob: string): never {
  throw new TriplicateError('usage', `The pattern ${glob} is not complete: a [ lacks its ], or a \\ its character.`);
}

function literal(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}
