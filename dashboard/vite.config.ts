import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { compressed } from './scripts/compressed.ts';

/** The JavaScript of the page with any one of its views, in gzip: views are loaded when they are first shown. */
const JS_BUDGET_BYTES = 120 * 1024;

// `vite dev` shows a stack that runs: its dashboard's address, which hands on to monitor and producer API.
const stack = process.env.STACK_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [svelte(), compressed({ budgetBytes: JS_BUDGET_BYTES })],
  // Workspaces are read from their source, as everywhere in development.
  resolve: { conditions: ['source', 'module', 'browser', 'development|production'] },
  build: {
    outDir: 'dist-pages',
    target: 'es2023',
    modulePreload: { polyfill: false },
    // Fonts and pictures stay files: the content security policy lets no `data:` fonts through.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    proxy: {
      '/api': { target: stack, changeOrigin: true },
      '/producer': { target: stack, changeOrigin: true },
      '/socket.io': { target: stack, changeOrigin: true, ws: true, rewriteWsOrigin: true },
    },
  },
});
