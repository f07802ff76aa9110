import { posix } from 'node:path';
import { parseSync } from 'vite';
import { runtimesOf } from '../config/dependencies.ts';
import { ELECTRON_TYPES_ONLY, LAYERS, type Layer, PURE_NODE } from '../config/layers.ts';

/** One source file: its path from the project's root, with `/`, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Holds files to the fences of `config/layers.ts`. Files outside any layer (tests, scripts) are free. */
export function findViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const layer = layerOf(source.path);
    return layer === undefined ? unplaced(source) : check(source, layer);
  });
}

/** A file under main/, preload/ or renderer/ that no layer knows would escape every rule. */
function unplaced({ path }: Source): readonly Violation[] {
  if (!/^(main|preload|renderer)\//.test(path)) return [];
  return [{ path, line: 1, message: 'belongs to no layer: give its folder a place in config/layers.ts' }];
}

function check(source: Source, layer: Layer): readonly Violation[] {
  const { program, comments, errors } = parseSync(source.path, source.text);
  const lineAt = (offset: number): number => source.text.slice(0, offset).split('\n').length;
  const exempt = new Set(
    comments
      .filter((comment) => /^\s*fence:\s+\S+\s+\S+/.test(comment.value))
      .flatMap((comment) => [lineAt(comment.start), lineAt(comment.end) + 1]),
  );
  const found: Violation[] = errors.map((error) => ({ path: source.path, line: 1, message: error.message }));
  const report = (offset: number, message: string | undefined): void => {
    const line = lineAt(offset);
    if (message !== undefined && !exempt.has(line)) found.push({ path: source.path, line, message });
  };
  visit(program, (node) => {
    const imported = importOf(node);
    if (imported) report(node.start, forbiddenImport(source.path, layer, imported));
    if (layer.ambient === 'passed-in') report(node.start, forbiddenAmbient(node, layer));
  });
  return found;
}

function layerOf(path: string): Layer | undefined {
  const matches = LAYERS.flatMap((layer) =>
    layer.paths.filter((prefix) => within(path, prefix)).map((p) => ({ layer, length: p.length })),
  );
  return matches.sort((a, b) => b.length - a.length)[0]?.layer;
}

function within(path: string, place: string): boolean {
  return place.endsWith('/') ? path.startsWith(place) : path === place;
}

interface Imported {
  readonly specifier: string;
  readonly kind: 'value' | 'type';
}

/** What a node imports: static and dynamic imports, re-exports, `import('x').Type`. */
function importOf(node: Node): Imported | undefined {
  const specifier = (node.source as Node | undefined)?.value;
  if (typeof specifier !== 'string') return undefined;
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier, kind: node.importKind === 'type' ? 'type' : 'value' };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return { specifier, kind: node.exportKind === 'type' ? 'type' : 'value' };
    case 'TSImportType':
      return { specifier, kind: 'type' };
    case 'ImportExpression':
      return { specifier, kind: 'value' };
    default:
      return undefined;
  }
}

function forbiddenImport(path: string, layer: Layer, { specifier, kind }: Imported): string | undefined {
  if (specifier.startsWith('.'))
    return forbiddenFile(layer, posix.normalize(posix.join(posix.dirname(path), specifier)));
  if (specifier.startsWith('node:')) return forbiddenNode(layer, specifier);
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  if (name === 'electron' && kind === 'type' && ELECTRON_TYPES_ONLY.includes(path)) return undefined;
  const runtimes = runtimesOf(name);
  if (runtimes.length === 0) return `${name} is not classified in config/dependencies.ts`;
  if (runtimes.some((runtime) => layer.packages.includes(runtime))) return undefined;
  return `${layer.name} must not import ${name} (${runtimes.join(', ')} only). ${layer.why}`;
}

function forbiddenFile(layer: Layer, target: string): string | undefined {
  const own = layerOf(target) === layer;
  const granted = layer.imports.some((place) => within(target, place));
  return own || granted ? undefined : `${layer.name} must not import ${target}. ${layer.why}`;
}

function forbiddenNode(layer: Layer, specifier: string): string | undefined {
  if (layer.node === 'all' || (layer.node === 'pure' && PURE_NODE.includes(specifier))) return undefined;
  return `${layer.name} must not import ${specifier}. ${layer.why}`;
}

const AMBIENT = new Map([
  ['Date.now', 'Date.now()'],
  ['Math.random', 'Math.random()'],
  ['process.env', 'process.env'],
]);

function forbiddenAmbient(node: Node, layer: Layer): string | undefined {
  if (
    node.type === 'NewExpression' &&
    nameOf(node.callee) === 'Date' &&
    (node.arguments as readonly Node[]).length === 0
  ) {
    return `${layer.name} must not use new Date() for now: pass a Clock. ${layer.why}`;
  }
  if (node.type !== 'MemberExpression') return undefined;
  const used = AMBIENT.get(`${nameOf(node.object)}.${nameOf(node.property)}`);
  return used === undefined ? undefined : `${layer.name} must not use ${used}: pass it in. ${layer.why}`;
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? String(node.name) : undefined;
}

/** A node of the parser's tree; only what every node has is typed, the rest is looked at by type. */
type Node = { readonly type: string; readonly start: number } & Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, seen);
  } else if (isNode(value)) {
    seen(value);
    for (const child of Object.values(value)) if (typeof child === 'object' && child !== null) visit(child, seen);
  }
}
