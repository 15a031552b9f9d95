/** Does the work of a batch: null for each item that is done, in their order, or the error of those that are not. */
export type BatchWork<T> = (items: readonly T[]) => Promise<readonly (Error | null)[]>;

export interface BatchLimits<T> {
  /** Items in a batch. */
  size: number;
  /** Batches in work at once. */
  concurrency: number;
  /** Sum of what `weigh` says of the items of a batch; an item that is heavier goes alone. */
  weight?: number;
  weigh?: (item: T) => number;
}

interface Waiting<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Makes batches of calls that come at the same moment, or while as many batches as may be are in work. */
export class Batcher<T> {
  private readonly waiting: Waiting<T>[] = [];
  private working = 0;
  private scheduled = false;

  constructor(
    private readonly work: BatchWork<T>,
    private readonly limits: BatchLimits<T>,
  ) {}

  /** Resolves when the item is done. Items of one caller that need an order are added one after another. */
  async add(item: T): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.waiting.length === 0 || this.working >= this.limits.concurrency) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.waiting.length > 0 && this.working < this.limits.concurrency) void this.run(this.next());
    });
  }

  private next(): Waiting<T>[] {
    const { size, weight = Infinity, weigh = () => 0 } = this.limits;
    let count = 0;
    let sum = 0;
    for (const { item } of this.waiting.slice(0, size)) {
      sum += weigh(item);
      if (count > 0 && sum > weight) break;
      count += 1;
    }
    return this.waiting.splice(0, count);
  }

  private async run(batch: Waiting<T>[]): Promise<void> {
    this.working += 1;
    try {
      const errors = await this.work(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const error = errors[index];
        if (error === null) resolve();
        else reject(error ?? new TypeError('the work said nothing of an item of its batch'));
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.working -= 1;
      this.schedule();
    }
  }
}
