import { Logger } from '@nestjs/common';

/** Does a piece of work again and again, one at a time, until it is stopped. A failure is logged; the next time goes on. */
export class SweepTimer {
  private readonly logger = new Logger(SweepTimer.name);
  private readonly timer: NodeJS.Timeout;
  private working: Promise<void> | undefined;

  constructor(
    private readonly name: string,
    seconds: number,
    private readonly work: () => Promise<void>,
  ) {
    this.timer = setInterval(() => {
      this.working ??= this.once();
    }, seconds * 1000);
  }

  /** Resolves when the work at hand has ended. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.working;
  }

  private async once(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.logger.error({ err: error, msg: `${this.name} failed; it is tried again` });
    } finally {
      this.working = undefined;
    }
  }
}
