import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { fileUrls } from './file-urls.ts';

/**
 * The command line as a bundle in `out/cli`, with its processes and workers: a dozen files that Node loads in a third of the
 * time that the sources take, libraries inside. `main/bin.js` runs it while it fits them.
 */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  publicDir: false,
  plugins: [fileUrls('out/cli')],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    emitAssets: true,
    outDir: 'out/cli',
    target: 'node24',
    minify: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { cli: 'main/cli.ts' },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
});
