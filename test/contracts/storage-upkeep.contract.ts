import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { StorageSubject } from './storage.contract.js';
import { keys, MIB, OCTETS, putAll } from './streams.js';

/** What every driver owes to the sweep of a storage. */
export function upkeep(subject: () => StorageSubject): void {
  it('removes one object and nothing else', async () => {
    const { storage } = subject();
    await putAll(storage, ['one/a/x', 'one/a/xy', 'one/b/x']);
    await storage.remove('one/a/x');
    await storage.remove('one/a/x');
    await storage.remove('one/b');
    await storage.remove('one/b/x');
    expect(await keys(storage.list('one/'))).toEqual(['one/a/xy']);
    await expect(storage.remove('one/a/')).rejects.toThrow(TypeError);
    await storage.put('one/b', Readable.from(['x']), OCTETS);
    expect(await keys(storage.list('one/'))).toEqual(['one/a/xy', 'one/b']);
  });

  it('shows an upload as long as it is unfinished, and gives it up', async () => {
    const { storage, unfinished } = subject();
    const before = Date.now();
    const source = new PassThrough();
    const failed = expect(storage.put('upkeep/slow.bin', source, OCTETS)).rejects.toThrow();
    source.write(Buffer.alloc(9 * MIB));
    await expect.poll(unfinished).toBe(1);
    const [upload] = await Array.fromAsync(storage.unfinished());
    expect([null, 'upkeep/slow.bin']).toContain(upload?.key);
    expect(upload?.touchedAt.getTime()).toBeGreaterThan(before - 2_000);
    if (upload !== undefined) await storage.abandon(upload);
    expect(await Array.fromAsync(storage.unfinished())).toEqual([]);
    source.end();
    await failed;
    expect(await storage.head('upkeep/slow.bin')).toBeNull();
    if (upload !== undefined) await storage.abandon(upload);
  });
}
