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
        output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
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
 * Source files name processes, workers and data beside them as `new URL('./name.ts', import.meta.url)` or
 * `workerEntry('name', import.meta.url)`, which run without a build. Here each becomes a file of the bundle: an entry for
 * code, an asset for anything else. The bundle is one flat folder, so that these addresses hold in every chunk of it.
 */
function fileUrls(): Plugin {
  const pattern = /new URL\(\s*(['"])(\.{1,2}\/[^'"]+\.(?:ts|js|wasm|json|sql))\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
  const worker = /workerEntry\(\s*(['"])([\w-]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
  return {
    name: 'triplicate:file-urls',
    generateBundle() {
      // Outside the archive the folder stands alone, and Node takes a lone `.js` for CommonJS.
      this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "module" }\n' });
    },
    transform(code, id) {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return null;
      const named = code.replace(worker, (_all, _quote, name: string) => `new URL('./${name}.ts', import.meta.url)`);
      const replaced = named.replace(pattern, (_all, _quote, path: string) => {
        const file = resolve(dirname(id), path);
        const source = /\.[tj]s$/.test(file);
        const fileName = source ? basename(file).replace(/\.[tj]s$/, '.js') : basename(file);
        this.emitFile(
          source ? { type: 'chunk', id: file, fileName } : { type: 'asset', fileName, source: readFileSync(file) },
        );
        return `new URL('./${fileName}', import.meta.url)`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
