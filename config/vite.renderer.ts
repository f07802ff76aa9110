import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

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
});
