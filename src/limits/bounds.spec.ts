import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Bounds } from './bounds.js';

let folder: string;
let bounds: Bounds;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bounds-'));
});
afterEach(() => {
  bounds.close();
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const never = () => new AbortController().signal;

it('ends the work while a watched file grows, and not because of others', async () => {
  bounds = new Bounds({ rows: 1, bytes: 1000 }, never());
  const [watched, other] = [bounds.watch(join(folder, 'watched')), join(folder, 'other')];
  await appendFile(other, 'x'.repeat(5000));
  await appendFile(watched, 'x'.repeat(1000));
  let size = 1000;
  while (!bounds.signal.aborted) {
    await appendFile(watched, 'x');
    size += 1;
    if (size > 1_000_000) throw new Error('the work was not ended');
  }
  expect(bounds.reached).toMatchObject({ code: 'limit-reached', retryable: false });
  expect(bounds.reached?.message).toMatch(/1000 bytes .* \(bytes\)/);
  expect(bounds.signal.reason).toBe(bounds.reached);
});

it('ends with the signal that it is given', () => {
  const given = new AbortController();
  bounds = new Bounds({ rows: 1, bytes: 1 }, given.signal);
  given.abort(new Error('cancelled'));
  expect(bounds.signal.reason).toBe(given.signal.reason);
  expect(bounds.reached).toBeNull();
});

it('lets pass what is allowed to the last row and byte', () => {
  bounds = new Bounds({ rows: 3, bytes: 7 }, never());
  bounds.requireRows(3);
  bounds.requireBytes(7);
  expect(() => {
    bounds.requireRows(4);
  }).toThrow(expect.objectContaining({ code: 'limit-reached', message: expect.stringContaining('3 rows') as string }));
  expect(() => {
    bounds.requireBytes(8);
  }).toThrow(expect.objectContaining({ code: 'limit-reached', message: expect.stringContaining('7 bytes') as string }));
});
