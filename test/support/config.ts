import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/config/config.js';
import { parseEnvironment } from '../../src/config/environment.js';

/** Environment of a process under test: temporary folders, no noise, servers as given. Values are those of the README's table. */
export function testEnvironment(overrides: Readonly<Record<string, string>> = {}): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'longhaul-files-'));
  process.once('exit', () => {
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    REDIS_URL: 'redis://127.0.0.1:1',
    STORAGE_DRIVER: 'local',
    STORAGE_ROOT: join(folder, 'storage'),
    STORAGE_SIGNING_KEY: 'a-signing-key-that-only-tests-use',
    SCRATCH_DIR: join(folder, 'scratch'),
    ...overrides,
  };
}

export function testConfig(overrides: Readonly<Record<string, string>> = {}): Config {
  return parseEnvironment(testEnvironment(overrides));
}
