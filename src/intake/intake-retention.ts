import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { IntakeRetentionRepository } from './intake-retention.repository.js';

const SWEEP_SECONDS = 60;
const BATCH = 1000;

/** Removes messages and outputs when their time is over. */
@Injectable()
export class IntakeRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: SweepTimer | undefined;

  constructor(
    private readonly repository: IntakeRetentionRepository,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = new SweepTimer('the sweep of old messages', SWEEP_SECONDS, async (signal) => {
      await this.sweep(signal);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }

  /** Goes on until nothing is left or the signal aborts. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { retentionSeconds, deadLetterQueueUrl } = this.config.intake;
    const withLetters = deadLetterQueueUrl !== undefined;
    const steps = [
      async () => await this.repository.removeOutputs(retentionSeconds, BATCH),
      async () => await this.repository.removeMessages(retentionSeconds, BATCH, withLetters),
    ];
    for (const step of steps) {
      for (let removed = BATCH; removed === BATCH && !signal.aborted;) removed = await step();
    }
  }
}
