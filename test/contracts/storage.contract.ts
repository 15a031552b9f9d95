import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ObjectMissing } from '../../src/storage/storage-errors.js';
import type { StorageUpkeep } from '../../src/storage/storage-upkeep.js';
import type { Storage } from '../../src/storage/storage.js';
import { upkeep } from './storage-upkeep.contract.js';
import { endless, failingAfter, inPieces, keys, MIB, OCTETS, putAll, sha256 } from './streams.js';

export interface StorageSubject {
  storage: Storage & StorageUpkeep;
  /** Number of uploads that are neither whole nor gone, seen past the driver. */
  unfinished(): Promise<number>;
  close(): Promise<void>;
}

type Subject = () => StorageSubject;

const NO_KEYS = [
  '',
  '/',
  'a/',
  '/a',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../b',
  'a/..',
  './a',
  'a b',
  'a\\b',
  'ä',
  'a\0',
  'a\n',
  '%2e%2e/a',
  '~incoming/a',
  'a?b',
  'a'.repeat(256),
  'a/'.repeat(450) + 'a',
];

/** What every driver owes to those who use the port. */
export function storageContract(name: string, open: () => Promise<StorageSubject>): void {
  describe(`storage contract: ${name}`, () => {
    let subject: StorageSubject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());
    writes(() => subject);
    failures(() => subject);
    reads(() => subject);
    listings(() => subject);
    removals(() => subject);
    upkeep(() => subject);
  });
}

function writes(subject: Subject): void {
  it.each([
    ['nothing', 0],
    ['one byte', 1],
    ['exactly two parts', 16 * MIB],
    ['40 MB', 40_000_000],
  ])('gives back %s byte for byte, with its digest', async (_, size) => {
    const { storage, unfinished } = subject();
    const content = randomBytes(size);
    const progress: number[] = [];
    const onProgress = (bytes: number) => progress.push(bytes);
    const written = await storage.put('whole/file.bin', inPieces(content), { ...OCTETS, onProgress });
    expect(written).toEqual({ key: 'whole/file.bin', size, sha256: sha256(content) });
    expect((await buffer(await storage.read('whole/file.bin'))).equals(content)).toBe(true);
    expect(await storage.head('whole/file.bin')).toMatchObject({ key: 'whole/file.bin', size });
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1) ?? 0).toBe(size);
    expect(await unfinished()).toBe(0);
  });

  it('replaces an object, by a shorter one too', async () => {
    const { storage } = subject();
    await storage.put('overwritten.txt', Readable.from(['a longer text']), OCTETS);
    const before = Date.now();
    await storage.put('overwritten.txt', Readable.from(['short']), OCTETS);
    expect(await text(await storage.read('overwritten.txt'))).toBe('short');
    const found = await storage.head('overwritten.txt');
    expect(found?.size).toBe(5);
    expect(Math.abs((found?.modifiedAt.getTime() ?? 0) - before)).toBeLessThan(60_000);
  });

  it.each(NO_KEYS)('refuses the key %j', async (key) => {
    const { storage } = subject();
    await expect(storage.put(key, Readable.from(['x']), OCTETS)).rejects.toThrow(TypeError);
    await expect(storage.read(key)).rejects.toThrow(TypeError);
    await expect(storage.head(key)).rejects.toThrow(TypeError);
    await expect(async () => storage.sign(key, { ...OCTETS, fileName: 'x', expiresInSeconds: 1 })).rejects.toThrow(
      TypeError,
    );
  });
}

function failures(subject: Subject): void {
  it.each([
    ['before the first byte', 0],
    ['after a few bytes', 10],
    ['after several parts', 30 * MIB],
  ])('leaves nothing of a source that fails %s', async (_, bytes) => {
    const failure = new Error('the source broke');
    const source = Readable.from(failingAfter(bytes, failure));
    await expectNothing(subject(), 'failed/source.bin', (key) => subject().storage.put(key, source, OCTETS), failure);
  });

  it('leaves nothing of a source that is cut off', async () => {
    const source = new Readable({ read: () => undefined });
    source.push(Buffer.alloc(20 * MIB));
    const put = subject().storage.put('failed/cut.bin', source, OCTETS);
    source.destroy();
    await expect(put).rejects.toThrow('Premature close');
    expect(await subject().storage.head('failed/cut.bin')).toBeNull();
    expect(await subject().unfinished()).toBe(0);
  });

  it('leaves nothing of an upload that is aborted while it flows', async () => {
    const controller = new AbortController();
    const source = Readable.from(endless());
    const onProgress = (bytes: number) => {
      if (bytes >= 16 * MIB) controller.abort(new Error('cancelled'));
    };
    const put = (key: string) =>
      subject().storage.put(key, source, { ...OCTETS, signal: controller.signal, onProgress });
    await expectNothing(subject(), 'failed/aborted.bin', put, new Error('cancelled'));
    expect(source.destroyed).toBe(true);
  });

  it('ends an aborted upload at once although the source is silent', async () => {
    const controller = new AbortController();
    const source = new Readable({ read: () => undefined });
    source.push(Buffer.alloc(20 * MIB));
    const onProgress = () => controller.abort(new Error('cancelled'));
    const put = (key: string) =>
      subject().storage.put(key, source, { ...OCTETS, signal: controller.signal, onProgress });
    await expectNothing(subject(), 'failed/silent.bin', put, new Error('cancelled'));
  });

  it('keeps the earlier object when its replacement is aborted', async () => {
    const { storage } = subject();
    await storage.put('kept.txt', Readable.from(['first']), OCTETS);
    const signal = AbortSignal.abort(new Error('cancelled'));
    await expect(storage.put('kept.txt', Readable.from(['second']), { ...OCTETS, signal })).rejects.toThrow(
      'cancelled',
    );
    await expect(
      storage.put('kept.txt', Readable.from(failingAfter(9 * MIB, new Error('no'))), OCTETS),
    ).rejects.toThrow('no');
    expect(await text(await storage.read('kept.txt'))).toBe('first');
  });
}

async function expectNothing(
  { storage, unfinished }: StorageSubject,
  key: string,
  put: (key: string) => Promise<unknown>,
  reason: Error,
): Promise<void> {
  await expect(put(key)).rejects.toThrow(reason.message);
  expect(await storage.head(key)).toBeNull();
  expect(await keys(storage.list('failed/'))).toEqual([]);
  expect(await unfinished()).toBe(0);
}

function reads(subject: Subject): void {
  it('knows when there is no such object', async () => {
    const { storage } = subject();
    expect(await storage.head('missing/file')).toBeNull();
    await expect(storage.read('missing/file')).rejects.toThrow(ObjectMissing);
    await expect(storage.read('missing/file', { start: 0, end: 1 })).rejects.toThrow(ObjectMissing);
  });

  it.each([
    [0, 0, '0'],
    [3, 5, '345'],
    [8, 9, '89'],
    [8, 99, '89'],
    [0, 9, '0123456789'],
  ])('reads the bytes %i to %i', async (start, end, expected) => {
    const { storage } = subject();
    await storage.put('ten-digits.txt', Readable.from(['0123456789']), OCTETS);
    expect(await text(await storage.read('ten-digits.txt', { start, end }))).toBe(expected);
  });

  it.each([
    [10, 20],
    [5, 4],
    [-1, 3],
    [0.5, 3],
    [0, NaN],
  ])('refuses the range %d to %d', async (start, end) => {
    const { storage } = subject();
    await storage.put('ten-digits.txt', Readable.from(['0123456789']), OCTETS);
    await expect(storage.read('ten-digits.txt', { start, end })).rejects.toThrow(RangeError);
  });

  it('can be left in the middle of an object', async () => {
    const { storage } = subject();
    await storage.put('abandoned.bin', inPieces(Buffer.alloc(20 * MIB)), OCTETS);
    for (let times = 0; times < 60; times += 1) {
      const stream = await storage.read('abandoned.bin');
      for await (const _ of stream) break;
      expect(stream.destroyed).toBe(true);
    }
    expect((await storage.head('abandoned.bin'))?.size).toBe(20 * MIB);
  });
}

function listings(subject: Subject): void {
  it('lists what starts with the prefix, in the order of the keys', async () => {
    const { storage } = subject();
    const names = ['l/a/b/c', 'l/a-b', 'l/a.b', 'l/A', 'l/b/x', 'l/b-/x', 'l/b0', 'l/.hidden', 'lx'];
    await putAll(storage, names);
    const inOrder = ['l/.hidden', 'l/A', 'l/a-b', 'l/a.b', 'l/a/b/c', 'l/b-/x', 'l/b/x', 'l/b0'];
    expect(await keys(storage.list('l/'))).toEqual(inOrder);
    expect(await keys(storage.list('l'))).toEqual([...inOrder, 'lx']);
    expect(await keys(storage.list('l/a'))).toEqual(['l/a-b', 'l/a.b', 'l/a/b/c']);
    expect(await keys(storage.list('l/b/x'))).toEqual(['l/b/x']);
    expect(await keys(storage.list('l/.'))).toEqual(['l/.hidden']);
    expect(await keys(storage.list('nothing/here/'))).toEqual([]);
    for await (const object of storage.list('lx')) expect(object).toMatchObject({ key: 'lx', size: 2 });
    expect(await keys(storage.list(''))).toEqual(expect.arrayContaining(inOrder));
  });

  it.each(['../', '/', 'a//', '..//', 'a/../', '~', 'a b'])('refuses to list or remove %j', async (prefix) => {
    const { storage } = subject();
    await expect(keys(storage.list(prefix))).rejects.toThrow(TypeError);
    await expect(storage.removeAll(prefix)).rejects.toThrow(TypeError);
  });

  it('lists and removes more objects than fit into a page', async () => {
    const { storage } = subject();
    const names = Array.from({ length: 2_050 }, (_, n) => `many/${String(n).padStart(5, '0')}`);
    for (let from = 0; from < names.length; from += 50) await putAll(storage, names.slice(from, from + 50));
    expect(await keys(storage.list('many/'))).toEqual(names);
    await storage.removeAll('many/');
    expect(await keys(storage.list('many/'))).toEqual([]);
  });
}

function removals(subject: Subject): void {
  it('removes what lies below a folder and nothing else', async () => {
    const { storage } = subject();
    await putAll(storage, ['r/1/a', 'r/1/b/c', 'r/1-b/a', 'r/10/a', 'r1']);
    await storage.removeAll('r/1/');
    expect(await keys(storage.list('r'))).toEqual(['r/1-b/a', 'r/10/a', 'r1']);
    await storage.removeAll('r/1/');
    await storage.removeAll('r1/');
    expect(await storage.head('r1')).not.toBeNull();
    await storage.put('r/1/again', Readable.from(['x']), OCTETS);
    expect(await keys(storage.list('r/1/'))).toEqual(['r/1/again']);
  });

  it.each(['', 'r', 'r/1'])('refuses to remove %j, which is no folder', async (prefix) => {
    await expect(subject().storage.removeAll(prefix)).rejects.toThrow(TypeError);
  });

  it('copes with objects that are written meanwhile', async () => {
    const { storage, unfinished } = subject();
    const writing = Array.from({ length: 40 }, (_, n) =>
      storage.put(`busy/x/${String(n)}`, Readable.from(['y']), OCTETS),
    );
    const removing = Array.from({ length: 10 }, () => storage.removeAll('busy/x/'));
    await Promise.all([...writing, ...removing]);
    for await (const { key } of storage.list('busy/')) expect(await text(await storage.read(key))).toBe('y');
    expect(await unfinished()).toBe(0);
    await storage.removeAll('busy/');
    expect(await keys(storage.list('busy/'))).toEqual([]);
  });
}
