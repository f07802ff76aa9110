import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import { fileUrls } from './file-urls.ts';

/**
 * Electron's bundles: the app in `out/main` (each process and worker an entry of its own, libraries inside, so that the
 * folder runs from outside the asar without node_modules) and the preload script, CommonJS because the sandbox takes no
 * other. The interface is built by `vite.renderer.ts`, the same for both hosts.
 */
export default defineConfig({
  main: {
    plugins: [fileUrls('out/main'), moduleFolder()],
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

/** Outside the archive the folder stands alone, and Node takes a lone `.js` for CommonJS. */
function moduleFolder(): Plugin {
  return {
    name: 'triplicate:module-folder',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'package.json', source: '{ "type": "module" }\n' });
    },
  };
}
