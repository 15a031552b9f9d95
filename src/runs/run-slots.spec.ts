import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Claim } from './run-claims.repository.js';
import { RunSlots } from './run-slots.js';
import type { Run } from './run.js';

const LONG_RUN_SECONDS = 60;

/** Runs that wait, by name: those that begin with `long` are expected to be. */
class Line {
  readonly taken: string[] = [];
  private readonly working = new Map<string, () => void>();

  constructor(readonly waiting: string[]) {}

  slots(concurrency: number): RunSlots {
    return new RunSlots({
      ...{ name: 'runs', concurrency, longRunSeconds: LONG_RUN_SECONDS },
      claim: async (shortOnly) => Promise.resolve(this.take(shortOnly)),
      work: async ({ id }) => new Promise((resolve) => this.working.set(id, resolve)),
    });
  }

  async end(id: string): Promise<void> {
    this.working.get(id)?.();
    await settled();
  }

  private take(shortOnly: boolean): Claim | null {
    const index = this.waiting.findIndex((id) => !shortOnly || !id.startsWith('long'));
    const [id] = index < 0 ? [] : this.waiting.splice(index, 1);
    if (id === undefined) return null;
    this.taken.push(id);
    // Of a run only its id matters here.
    return { run: { id } as Run, long: id.startsWith('long') };
  }
}

const settled = async (): Promise<void> => {
  await vi.advanceTimersByTimeAsync(0);
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('places', () => {
  it('are filled, and filled again when one is free', async () => {
    const line = new Line(['a', 'b', 'c', 'd']);
    const slots = line.slots(2);
    slots.start();
    await settled();
    expect(line.taken).toEqual(['a', 'b']);
    await line.end('a');
    expect(line.taken).toEqual(['a', 'b', 'c']);
    await slots.stop();
    await line.end('b');
    expect(line.taken).toEqual(['a', 'b', 'c']);
  });

  it('are not all given to long runs', async () => {
    const line = new Line(['long 1', 'long 2', 'a', 'b']);
    const slots = line.slots(2);
    slots.start();
    await settled();
    expect(line.taken).toEqual(['long 1', 'a']);
    await line.end('a');
    await line.end('b');
    expect(line.taken).toEqual(['long 1', 'a', 'b']);
    await line.end('long 1');
    expect(line.taken).toEqual(['long 1', 'a', 'b', 'long 2']);
    await slots.stop();
  });

  it('get one more, and only one, when all runs turn out long', async () => {
    const line = new Line(['a', 'b', 'long', 'c', 'd']);
    const slots = line.slots(2);
    slots.start();
    await vi.advanceTimersByTimeAsync((LONG_RUN_SECONDS - 1) * 1000);
    expect(line.taken).toEqual(['a', 'b']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(line.taken).toEqual(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(2 * LONG_RUN_SECONDS * 1000);
    expect(line.taken).toEqual(['a', 'b', 'c']);
    await line.end('c');
    expect(line.taken).toEqual(['a', 'b', 'c', 'd']);
    await slots.stop();
  });

  it('of a worker with one are given to any run', async () => {
    const line = new Line(['long', 'a']);
    const slots = line.slots(1);
    slots.start();
    await vi.advanceTimersByTimeAsync(2 * LONG_RUN_SECONDS * 1000);
    expect(line.taken).toEqual(['long']);
    await slots.stop();
  });

  it('look for what nobody told them of', async () => {
    const line = new Line([]);
    const slots = line.slots(2);
    slots.start();
    await settled();
    line.waiting.push('a');
    await vi.advanceTimersByTimeAsync(1500);
    expect(line.taken).toEqual(['a']);
    await slots.stop();
  });
});

describe('an offer', () => {
  it('waits until there is room', async () => {
    const line = new Line(['a']);
    const slots = line.slots(1);
    await slots.offer();
    expect(line.taken).toEqual(['a']);
    line.waiting.push('b');
    const answered = vi.fn();
    void slots.offer().then(answered);
    await settled();
    expect(answered).not.toHaveBeenCalled();
    await line.end('a');
    expect(line.taken).toEqual(['a', 'b']);
    line.waiting.push('c');
    await line.end('b');
    expect(answered).toHaveBeenCalled();
    await slots.stop();
  });

  it('that comes to a closed worker is kept until it stops, and nothing is taken', async () => {
    const line = new Line(['a']);
    const slots = line.slots(1);
    slots.close();
    const answered = vi.fn();
    const offer = slots.offer().then(answered);
    await settled();
    expect(answered).not.toHaveBeenCalled();
    await slots.stop();
    await offer;
    expect(line.taken).toEqual([]);
  });
});
