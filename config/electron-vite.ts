import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

/**
 * Electron's bundles: the app in `out/main` (each process and worker an entry of its own, libraries inside, so that the
 * folder runs from outside the asar without node_modules) and the preload script, CommonJS because the sandbox takes no
 * other. The interface is built by `vite.renderer.ts`, the same for both hosts.
 */
export default defineConfig({
  main: {
    plugins: [fileUrls()],
    build: {
      outDir: 'out/main',
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'main/index.ts' },
        output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rolldownOptions: {
        input: { index: 'preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
});

/**
 * Source files name processes, workers and data beside them as `new URL('./name.ts', import.meta.url)`, which runs
 * without a build. Here each becomes an emitted file: an entry for code, an asset for anything else.
 */
function fileUrls(): Plugin {
  const pattern = /new URL\(\s*(['"])(\.{1,2}\/[^'"]+\.(?:ts|js|wasm|json|sql))\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
  return {
    name: 'triplicate:file-urls',
    transform(code, id) {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return null;
      const replaced = code.replace(pattern, (_all, _quote, path: string) => {
        const file = resolve(dirname(id), path);
        const reference = /\.[tj]s$/.test(file)
          ? this.emitFile({ type: 'chunk', id: file, name: basename(file).replace(/\.[tj]s$/, '') })
          : this.emitFile({ type: 'asset', name: basename(file), source: readFileSync(file) });
        return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
