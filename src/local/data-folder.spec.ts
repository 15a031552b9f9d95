import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolder } from './data-folder.js';
import { processIdentity } from './process-identity.js';

describe('DataFolder', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'longhaul-data-'));
  });

  afterEach(() => rm(path, { recursive: true }));

  it('is used by one start at a time and keeps its secrets', async () => {
    const first = await DataFolder.open(path);
    await expect(DataFolder.open(path)).rejects.toThrow(/already runs on the data folder/);
    first.close();
    const second = await DataFolder.open(path);
    expect(second.secrets).toEqual(first.secrets);
    expect(second.secrets.storageSigningKey.length).toBeGreaterThanOrEqual(32);
    second.close();
  });

  it('adds the secrets that an earlier version did not keep', async () => {
    const old = { databasePassword: 'd', redisPassword: 'r', storageSigningKey: 's'.repeat(32) };
    await writeFile(join(path, 'secrets.json'), JSON.stringify(old));
    const first = await DataFolder.open(path);
    expect(first.secrets).toMatchObject(old);
    expect(first.secrets.webhookSealKey.length).toBeGreaterThanOrEqual(32);
    first.close();
    const second = await DataFolder.open(path);
    expect(second.secrets).toEqual(first.secrets);
    second.close();
  });

  describe('what an earlier start left', () => {
    it('is ended', async () => {
      const { pid, exited } = sleeper();
      await record(pid, await identityOf(pid));
      const folder = await DataFolder.open(path);
      expect(await folder.records.endLeftovers()).toEqual(['Thing']);
      expect(await exited).toEqual([null, 'SIGTERM']);
      expect(await folder.records.endLeftovers()).toEqual([]);
      folder.close();
    });

    it('is not confused with another process of the same id', async () => {
      const { pid, exited, end } = sleeper();
      await record(pid, 'started at another time');
      const folder = await DataFolder.open(path);
      expect(await folder.records.endLeftovers()).toEqual([]);
      expect(await processIdentity(pid)).toBe(await identityOf(pid));
      folder.close();
      end();
      await exited;
    });
  });

  function sleeper() {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
    return { pid: child.pid!, exited: once(child, 'exit'), end: () => child.kill('SIGKILL') };
  }

  async function identityOf(pid: number): Promise<string> {
    return (await processIdentity(pid))!;
  }

  async function record(pid: number, identity: string): Promise<void> {
    const records = [{ name: 'Thing', pid, identity, stopSignal: 'SIGTERM' }];
    await writeFile(join(path, 'processes.json'), JSON.stringify(records));
  }
});
