import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** A served app (headless host or `test/support/fake-server.ts`) behind `vite -c config/vite.renderer.ts`, for screen work. */
const backend = process.env.TRIPLICATE_BACKEND ?? 'http://127.0.0.1:7431';

/** The interface, as static files for both hosts: `app://` in Electron, loopback HTTP in the browser host. */
export default defineConfig({
  root: 'renderer',
  base: './',
  publicDir: '../assets/public',
  plugins: [react()],
  build: {
    outDir: '../out/renderer',
    emptyOutDir: true,
    target: 'chrome140',
    // Assets stay files: the content security policy allows no data: scripts and fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_000,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': backend, '/session': backend, '/events': { target: backend, ws: true } },
  },
});
