import { defineConfig } from 'vitest/config';

/** Child processes inherit these: what the code under test starts is TypeScript too. */
const execArgv = [
  '--experimental-transform-types',
  '--disable-warning=ExperimentalWarning',
  `--import=${import.meta.dirname}/test/support/run-typescript-children.js`,
];

/** Only ends what hangs: the machine may be busy, so no time-out measures anything. */
const timeouts = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

/** `unit` needs no server and starts none; `service` starts real ones, see test/support/global-setup.ts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts'],
          setupFiles: ['reflect-metadata', 'test/support/property-seed.ts'],
          execArgv,
          ...timeouts,
        },
      },
      {
        test: {
          name: 'service',
          include: ['test/**/*.spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['reflect-metadata', 'test/support/property-seed.ts'],
          execArgv,
          ...timeouts,
        },
      },
    ],
  },
});
