import { ServiceUnavailable } from '../../common/errors.js';

/** Lets so many imports run at once; some more wait in line, the rest is sent away to try later. */
export class ImportGate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly concurrent: number,
    private readonly maxWaiting: number,
  ) {}

  /** Rejects with the signal's reason when it aborts while waiting. Throws `ServiceUnavailable` when the line is full. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.enter(signal);
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.running < this.concurrent) {
      this.running += 1;
      return;
    }
    if (this.waiting.length >= this.maxWaiting) {
      throw new ServiceUnavailable('Too many uploads are being read at the moment. Try again later.', {
        retryAfter: 10,
      });
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(admit), 1);
        reject(signal.reason instanceof Error ? signal.reason : new Error('The upload was aborted.'));
      };
      const admit = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(admit);
    });
  }
}
