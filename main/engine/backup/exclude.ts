/**
 * restic's exclusion patterns. A pattern is matched component by component; one that begins with `/` from the root, any
 * other at every depth; `**` stands for any number of components. What lies below a match is excluded with it.
 */
export type Excluder = (path: string) => boolean;

type Component = RegExp | 'any-depth';

interface Pattern {
  readonly fromRoot: boolean;
  readonly components: readonly Component[];
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

function splitPath(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function compilePattern(text: string): Pattern {
  const keeps = text.startsWith('!');
  const glob = keeps ? text.slice(1) : text;
  const components = splitPath(glob).map((part) => (part === '**' ? 'any-depth' : globToRegExp(part)));
  return { fromRoot: glob.startsWith('/'), components, keeps };
}

function matches(pattern: Pattern, path: readonly string[]): boolean {
  const lastStart = pattern.fromRoot ? 0 : path.length - 1;
  for (let start = 0; start <= lastStart; start++) {
    if (matchesFrom(pattern.components, 0, path, start)) return true;
  }
  return false;
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

/** Go's `filepath.Match` for one component: `*`, `?`, `[a-z]`, `[^a]`, `\` escapes. */
function globToRegExp(glob: string): RegExp {
  let source = '';
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i] ?? '';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\' && i + 1 < glob.length) source += literal(glob[++i] ?? '');
    else if (char === '[') {
      const end = glob.indexOf(']', i + 2);
      if (end === -1) source += '\\[';
      else {
        const negated = glob[i + 1] === '^';
        const set = glob
          .slice(i + (negated ? 2 : 1), end)
          .replaceAll('[', '\\[')
          .replaceAll('^', '\\^');
        source += `[${negated ? '^' : ''}${set}]`;
        i = end;
      }
    } else source += literal(char);
  }
  return new RegExp(`^${source}$`, 's');
}

function literal(char: string): string {
  return /[\w\s]/.test(char) || char.charCodeAt(0) > 127 ? char : `\\${char}`;
}
