import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPromise, type Entry } from 'yauzl';
import { ZipFile } from './zip-file.js';
import { centralHeader, endRecords, localHeader } from './zip-records.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function* chunksOf(...chunks: Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** Entries and, of those that `wanted` names, contents. yauzl checks sizes and checksums. */
async function unzip(file: string, wanted: (name: string) => boolean): Promise<{ entry: Entry; bytes: Buffer }[]> {
  const zip = await openPromise(file);
  const found = [];
  for await (const entry of zip.eachEntry()) {
    const bytes = wanted(entry.fileName) ? await buffer(await zip.openReadStreamPromise(entry)) : Buffer.alloc(0);
    found.push({ entry, bytes });
  }
  return found;
}

it('gives back what was put in, over many blocks and chunks of odd sizes', async () => {
  const file = join(directory, 'blocks.zip');
  const noise = randomBytes(700_001);
  const content = [noise, Buffer.alloc(3_000_000, 'abc'), Buffer.alloc(0), noise, Buffer.from('end')];
  await ZipFile.write(file, new Date('2026-02-03T04:05:06.789Z'), async (zip) => {
    await zip.add('größe/1.csv', chunksOf(...content));
    await zip.add('empty.txt', chunksOf());
  });
  const [first, second] = await unzip(file, () => true);
  expect(first?.entry.fileName).toBe('größe/1.csv');
  expect(first?.bytes.equals(Buffer.concat(content))).toBe(true);
  expect(first?.entry.getLastModDate({ timezone: 'UTC' })).toEqual(new Date('2026-02-03T04:05:06Z'));
  expect(second?.entry.fileName).toBe('empty.txt');
  expect(second?.bytes).toHaveLength(0);
});

it('makes equal files of equal content', async () => {
  const files = [join(directory, 'one.zip'), join(directory, 'two.zip')];
  const read = [];
  for (const file of files) {
    await ZipFile.write(file, new Date(0), (zip) => zip.add('a', chunksOf(Buffer.alloc(2_500_000, 'row\n'))));
    read.push(await unzip(file, () => true));
  }
  expect(read[0]?.[0]?.entry.compressedSize).toBe(read[1]?.[0]?.entry.compressedSize);
  expect(read[0]?.[0]?.entry.getLastModDate({ timezone: 'UTC' }).getUTCFullYear()).toBe(1980);
});

it('counts more entries than 16 bits hold', async () => {
  const file = join(directory, 'many.zip');
  const entry = { name: Buffer.from('a'), modified: new Date(), offset: 0, crc32: 0, compressed: 2, size: 0 };
  const content = Buffer.concat([localHeader(entry), Buffer.from([0x03, 0x00])]);
  const directoryOf = Buffer.concat(Array.from({ length: 65_537 }, () => centralHeader(entry)));
  const end = endRecords({ entries: 65_537, offset: content.length, size: directoryOf.length });
  await writeFile(file, Buffer.concat([content, directoryOf, end]));
  expect(await unzip(file, () => false)).toHaveLength(65_537);
});

it('says sizes beyond 32 bits in ZIP64 fields, in headers of the same length', () => {
  const entry = { name: Buffer.from('a'), modified: new Date(), offset: 0, crc32: 1, compressed: 10, size: 0xfffffffe };
  const large = { ...entry, size: 5_000_000_000, offset: 6_000_000_000 };
  expect(localHeader(large)).toHaveLength(localHeader(entry).length);
  expect(localHeader(large).readBigUInt64LE(30 + 1 + 4)).toBe(5_000_000_000n);
  expect(localHeader(large).readUInt32LE(22)).toBe(0xffffffff);
  expect(localHeader(entry).readUInt32LE(22)).toBe(0xfffffffe);
  expect(centralHeader(large).readBigUInt64LE(46 + 1 + 4 + 16)).toBe(6_000_000_000n);
  expect(centralHeader(entry)).toHaveLength(47);
});
