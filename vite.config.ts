import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A served app (headless host or the tests' double) that `vite` passes calls on to while the screen is being written. */
const backend = process.env.TRIPLICATE_BACKEND ?? 'http://127.0.0.1:7431';

/** The screen: plain files with a relative base, so that they load under app:// and from loopback alike. */
export default defineConfig({
  root: at('./renderer'),
  base: './',
  plugins: [react()],
  build: {
    outDir: at('./out/renderer'),
    emptyOutDir: true,
    target: 'es2023',
    // Inlined data: addresses would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': backend,
      '/session': backend,
      '/events': { target: backend, ws: true },
    },
  },
});
