import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { OutboxRepository } from './outbox.repository.js';

const SWEEP_SECONDS = 60;
const BATCH = 1000;

/** Removes events when their time is over. */
@Injectable()
export class OutboxRetention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(OutboxRetention.name);
  private timer: SweepTimer | undefined;

  constructor(
    private readonly repository: OutboxRepository,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = new SweepTimer('the sweep of events', SWEEP_SECONDS, async (signal) => {
      await this.sweep(signal);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }

  async sweep(signal: AbortSignal): Promise<void> {
    let removed: number;
    let untold = 0;
    do {
      const step = await this.repository.removeOlder(this.config.events.retentionSeconds, BATCH);
      removed = step.removed;
      untold += step.untold;
    } while (removed === BATCH && !signal.aborted);
    if (untold > 0) this.logger.error(`${String(untold)} events were removed that could not be told in all their time`);
  }
}
