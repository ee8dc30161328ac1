import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** The server that `npm run dev` talks to: the real one by default, the mock when it listens there. */
const upstream = process.env['FOCUSFLOW_URL'] ?? 'http://127.0.0.1:7878';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The page is served under `default-src 'self'`: no script and no file may end up inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 300,
  },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/v1': { target: upstream, ws: true } } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
