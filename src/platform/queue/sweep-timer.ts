import { Logger } from '@nestjs/common';

/**
 * Does a piece of work again and again, one at a time, until it is stopped. A failure is logged; the next time goes on. Work that has
 * no bound looks at the signal, which aborts at the stop.
 */
export class SweepTimer {
  private readonly logger = new Logger(SweepTimer.name);
  private readonly timer: NodeJS.Timeout;
  private readonly stopping = new AbortController();
  private working: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    seconds: number,
    private readonly work: (signal: AbortSignal) => Promise<void>,
  ) {
    this.timer = setInterval(() => {
      this.working ??= this.once();
    }, seconds * 1000);
  }

  /** Resolves when the work at hand has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.working;
  }

  private async once(): Promise<void> {
    try {
      await this.work(this.stopping.signal);
    } catch (error) {
      this.logger.error({ err: error, msg: `${this.name} failed; it is tried again` });
    } finally {
      this.working = undefined;
    }
  }
}
