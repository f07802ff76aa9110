/**
 * The fences between the layers (docs/architecture.md). `scripts/lint-layers.ts` holds every source file to them; each
 * rule says why, because the reader of a failed check wants to know. An exemption is a comment on the line itself
 * (`// fence: <reason>`) or on the line above, never an entry here.
 */
import type { Runtime } from './dependencies.ts';

export interface Layer {
  readonly name: string;
  /** Files of the layer: folders end in `/`. The longest match decides. */
  readonly paths: readonly string[];
  /** Our own files that it may import, besides its own. */
  readonly imports: readonly string[];
  /** Which npm packages: those classified for one of these runtimes. */
  readonly packages: readonly Runtime[];
  /** Which parts of Node: all, none, or those that neither read files nor open sockets. */
  readonly node: 'all' | 'pure' | 'none';
  /** Whether time, chance and environment may be read, or are passed in. */
  readonly ambient: 'allowed' | 'passed-in';
  readonly why: string;
}

/** What the parts beside the engine may know of it: its errors, its words and its types. */
const ENGINE_WORDS = ['main/engine/errors.ts', 'main/engine/ids.ts', 'main/engine/clock.ts'];

export const LAYERS: readonly Layer[] = [
  {
    name: 'contract',
    paths: ['main/api/contract/'],
    imports: [],
    packages: ['contract'],
    node: 'none',
    ambient: 'passed-in',
    why: 'The contract is shared by screen and app; it describes, with zod, and does nothing.',
  },
  {
    name: 'format',
    paths: ['main/engine/format/', 'main/engine/chunker/'],
    imports: ['main/engine/'],
    packages: ['engine'],
    node: 'pure',
    ambient: 'passed-in',
    why: 'The format takes and gives bytes; files and sockets belong to the stores.',
  },
  {
    name: 'engine',
    paths: ['main/engine/'],
    imports: ['main/engine/'],
    packages: ['engine'],
    node: 'all',
    ambient: 'passed-in',
    why: 'The engine knows repositories and nothing else; time and chance are passed in, so that tests decide both.',
  },
  {
    name: 'catalog',
    paths: ['main/catalog/'],
    imports: ['main/engine/'],
    packages: ['engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'The catalog can be rebuilt from repositories; it knows the engine and no service of the app.',
  },
  {
    name: 'rclone',
    paths: ['main/rclone/'],
    imports: ['main/engine/'],
    packages: ['engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'rclone is a process that the app hands to the engine as a REST connection; it knows no service of the app.',
  },
  {
    name: 'process',
    paths: ['main/process/'],
    imports: [],
    packages: [],
    node: 'all',
    ambient: 'allowed',
    why: 'What every process of ours does for itself, whatever runs in it.',
  },
  {
    name: 'watch',
    paths: ['main/watch/'],
    imports: [...ENGINE_WORDS, 'main/process/'],
    packages: ['engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'The watcher gives hints about directories; it runs in its own process and knows no service of the app.',
  },
  {
    name: 'app',
    paths: ['main/app/'],
    imports: ['main/engine/', 'main/catalog/', 'main/rclone/', 'main/watch/', 'main/process/', 'main/api/contract/'],
    packages: ['contract', 'engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'The app does not know which host it runs in: what it needs of one comes through its ports.',
  },
  {
    name: 'api',
    paths: ['main/api/'],
    imports: ['main/app/', 'main/api/contract/', ...ENGINE_WORDS],
    packages: ['contract', 'engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'Handlers call the app and return a value; they hold no rules and reach nothing below it.',
  },
  {
    name: 'hosts',
    paths: ['main/headless.ts', 'main/cli.ts', 'main/cli/', 'main/bin.js'],
    imports: ['main/api/', 'main/app/', 'main/engine/', 'main/catalog/', 'main/rclone/', 'main/watch/'],
    packages: ['contract', 'engine', 'app'],
    node: 'all',
    ambient: 'allowed',
    why: 'The browser host and the command line run in plain Node, where Electron does not exist.',
  },
  {
    name: 'shell',
    paths: ['main/shell/', 'main/index.ts'],
    imports: ['main/api/', 'main/app/', 'main/engine/', 'main/catalog/', 'main/rclone/', 'main/watch/'],
    packages: ['contract', 'engine', 'app', 'shell'],
    node: 'all',
    ambient: 'allowed',
    why: 'The shell is the only room that knows Electron.',
  },
  {
    name: 'preload',
    paths: ['preload/'],
    imports: ['main/api/contract/', 'main/api/channels.ts'],
    packages: ['shell'],
    node: 'none',
    ambient: 'passed-in',
    why: "The bridge exposes the contract's calls and nothing else.",
  },
  {
    name: 'renderer',
    paths: ['renderer/'],
    imports: ['main/api/contract/'],
    packages: ['contract', 'renderer'],
    node: 'none',
    ambient: 'allowed',
    why: 'The screen knows the app by its contract only, so that both hosts can carry it.',
  },
];

/** The parts of Node that a pure layer may use. */
export const PURE_NODE = ['node:crypto', 'node:zlib', 'node:buffer', 'node:util', 'node:assert'];

/** The only files outside the shell that may name Electron's types (never its values: those are passed in). */
export const ELECTRON_TYPES_ONLY = ['main/api/electron-transport.ts'];
