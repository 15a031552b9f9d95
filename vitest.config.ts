import { defineConfig } from 'vitest/config';

/** `unit` needs no server and starts none; `service` starts real ones, see test/support/global-setup.ts. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.spec.ts'], setupFiles: ['reflect-metadata'] } },
      {
        test: {
          name: 'service',
          include: ['test/**/*.spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
