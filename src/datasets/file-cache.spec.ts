import { createHash } from 'node:crypto';
import { link, mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StorageUnavailable } from '../storage/storage-errors.js';
import { FileCache } from './file-cache.js';

const { signal } = new AbortController();
const expectedOf = (text: string) => ({ bytes: text.length, sha256: createHash('sha256').update(text).digest('hex') });

describe(FileCache, () => {
  let directory: string;
  let opened: number;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cache-'));
    opened = 0;
  });
  afterEach(() => rm(directory, { recursive: true }));
  const open = (text: string) => () => {
    opened += 1;
    return Promise.resolve(Readable.from([Buffer.from(text)]));
  };

  it('downloads once for all who ask, and not again', async () => {
    const cache = new FileCache(directory, 100);
    const source = { open: open('hello'), signal };
    const paths = await Promise.all([1, 2, 3].map(() => cache.get('a', expectedOf('hello'), source)));
    await cache.get('a', expectedOf('hello'), source);
    expect({ opened, different: new Set(paths).size }).toEqual({ opened: 1, different: 1 });
    expect(await readFile(paths[0] ?? '', 'utf8')).toBe('hello');
  });

  it('refuses bytes that are not the expected ones and keeps none of them', async () => {
    const cache = new FileCache(directory, 100);
    const broken = cache.get('a', expectedOf('hello'), { open: open('hellO'), signal });
    await expect(broken).rejects.toThrow(StorageUnavailable);
    expect(await readdir(directory)).toEqual([]);
    await cache.get('a', expectedOf('hello'), { open: open('hello'), signal });
  });

  it('removes what was used least lately, never a file of a run', async () => {
    const cache = new FileCache(directory, 10);
    const get = (id: string) => cache.get(id, expectedOf(`text${id}`), { open: open(`text${id}`), signal });
    const ofRun = join(directory, '..', `run-${String(process.pid)}`);
    await link(await get('1'), ofRun);
    await get('2');
    await utimes(join(directory, '1'), 1, 1);
    await utimes(join(directory, '2'), 2, 2);
    await get('1');
    await get('3');
    expect((await readdir(directory)).toSorted()).toEqual(['1', '3']);
    await utimes(join(directory, '1'), 1, 1);
    await get('4');
    expect((await readdir(directory)).toSorted()).toEqual(['3', '4']);
    expect(await readFile(ofRun, 'utf8')).toBe('text1');
    await rm(ofRun);
  });

  it('goes on for others when one leaves, stops when all have left, and starts anew', async () => {
    const cache = new FileCache(directory, 100);
    const streams: PassThrough[] = [];
    const slow = () => {
      const stream = new PassThrough();
      streams.push(stream);
      return Promise.resolve(stream);
    };
    const [one, two] = [new AbortController(), new AbortController()];
    const first = cache.get('a', expectedOf('hello'), { open: slow, signal: one.signal });
    const second = cache.get('a', expectedOf('hello'), { open: slow, signal: two.signal });
    await vi.waitFor(
      () => {
        expect(streams).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    one.abort(new Error('first left'));
    await expect(first).rejects.toThrow('first left');
    two.abort(new Error('second left'));
    await expect(second).rejects.toThrow('second left');
    await cache.get('a', expectedOf('hello'), { open: open('hello'), signal });
    await vi.waitFor(
      async () => {
        expect(await readdir(directory)).toEqual(['a']);
      },
      { timeout: 20_000 },
    );
    expect(streams[0]?.destroyed).toBe(true);
  });
});
