import { describe, expect, it } from 'vitest';
import { Batcher, type BatchLimits } from './batcher.js';

function recorder(limits: BatchLimits<string>) {
  const batches: string[][] = [];
  const release: (() => void)[] = [];
  const batcher = new Batcher<string>(async (items) => {
    batches.push([...items]);
    if (items.includes('slow')) await new Promise<void>((resolve) => release.push(resolve));
    if (items.includes('broken')) throw new Error('all of it');
    return items.map((item) => (item === 'bad' ? new Error('only this') : null));
  }, limits);
  return { batches, batcher, release };
}

describe('batches', () => {
  it('are made of calls at the same moment, no larger than allowed', async () => {
    const { batches, batcher } = recorder({ size: 2, concurrency: 9 });
    await Promise.all(['a', 'b', 'c'].map(async (item) => batcher.add(item)));
    expect(batches).toEqual([['a', 'b'], ['c']]);
  });

  it('are no heavier than allowed, unless a single item is', async () => {
    const limits = { size: 9, concurrency: 9, weight: 3, weigh: (item: string) => item.length };
    const { batches, batcher } = recorder(limits);
    await Promise.all(['aa', 'b', 'c', 'dddd', 'e'].map(async (item) => batcher.add(item)));
    expect(batches).toEqual([['aa', 'b'], ['c'], ['dddd'], ['e']]);
  });

  it('gather what comes while others are in work', async () => {
    const { batches, batcher, release } = recorder({ size: 9, concurrency: 1 });
    const first = batcher.add('slow');
    await expect.poll(() => batches).toEqual([['slow']]);
    const others = ['a', 'b'].map(async (item) => batcher.add(item));
    release[0]?.();
    await Promise.all([first, ...others]);
    expect(batches).toEqual([['slow'], ['a', 'b']]);
  });

  it('fail item by item, or as a whole', async () => {
    const { batcher } = recorder({ size: 9, concurrency: 1 });
    const some = await Promise.allSettled(['a', 'bad', 'c'].map(async (item) => batcher.add(item)));
    expect(some.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const all = await Promise.allSettled(['a', 'broken'].map(async (item) => batcher.add(item)));
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await batcher.add('again');
  });
});
