import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child, type ChildOptions } from './child.js';
import { LaunchError } from './launch-error.js';
import { processIdentity } from './process-identity.js';

describe('Child', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longhaul-child-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const start = (script: string, options: Partial<ChildOptions> = {}) =>
    Child.start({
      name: 'Thing',
      command: process.execPath,
      args: ['-e', script],
      logFile: join(folder, 'thing.log'),
      stopSignal: 'SIGTERM',
      stopSeconds: 10,
      ready: () => Promise.resolve(true),
      startSeconds: 10,
      ...options,
    });

  it('shows the end of the log of one that ends before it is ready', async () => {
    const failed = start('console.log("no more disk"); process.exit(3)', { ready: () => Promise.resolve(false) });
    await expect(failed).rejects.toThrow(LaunchError);
    await expect(failed).rejects.toThrow(/^Thing ended with exit code 3\.[^]*no more disk/);
  });

  it('names a program that is not there', async () => {
    await expect(start('', { command: join(folder, 'none') })).rejects.toThrow(/Thing could not be started/);
  });

  it.each([false, true])('leaves no process when the start is given up (ready at that moment: %s)', async (isReady) => {
    const stop = new AbortController();
    let pid = 0;
    const started = start('setInterval(() => undefined, 1000)', {
      ready: () => Promise.resolve(isReady),
      signal: stop.signal,
      onSpawn: async (child) => {
        pid = child.pid;
        stop.abort(new Error('not now'));
      },
    });
    await expect(started).rejects.toThrow('not now');
    expect(await processIdentity(pid)).toBeUndefined();
  });

  it('kills one that does not end when it is asked to', async () => {
    const ready = join(folder, 'ready');
    const stubborn = await start(
      `process.on('SIGTERM', () => undefined); require('fs').writeFileSync(${JSON.stringify(ready)}, ''); setInterval(() => undefined, 1000)`,
      { stopSeconds: 0.2, ready: () => Promise.resolve(existsSync(ready)) },
    );
    await stubborn.stop();
    expect(await stubborn.exited).toBe('was ended by SIGKILL');
  });
});
