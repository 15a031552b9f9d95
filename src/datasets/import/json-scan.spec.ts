import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JsonScan } from './json-scan.js';

const MB = 1024 * 1024;

describe(JsonScan, () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'json-'));
    file = join(directory, 'upload');
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  it('reads values over many chunks of a file', async () => {
    await writeFile(file, `[{"a":"${'é}'.repeat(100_000)}"},\n {"a":1},\n\n  {"a":"${'x'.repeat(MB)}" 1}]`);
    expect(await JsonScan.locate(file, 2)).toEqual({ line: 2, column: 2 });
    expect(await JsonScan.locate(file, 4)).toBeUndefined();
    expect(await JsonScan.findFault(file)).toMatchObject({
      line: 4,
      column: 3,
      detail: expect.stringContaining('is not JSON'),
    });
  });

  it('names an object that is longer than the engine reads, in little more memory than it takes', async () => {
    await writeFile(file, `{"a":1}\n{"a":"${'x'.repeat(20 * MB)}"}\n`);
    const before = process.memoryUsage().rss;
    expect(await JsonScan.findFault(file)).toMatchObject({
      line: 2,
      column: 1,
      detail: expect.stringContaining('longer than the 16 MB'),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MB);
  });
});
