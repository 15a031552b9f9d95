import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { Scheduler } from './scheduler.js';

const TICK_SECONDS = 1;

/** Fires schedules while the process lives. */
@Injectable()
export class ScheduleTimer implements OnApplicationBootstrap, OnModuleDestroy {
  private timers: SweepTimer[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const { sweepSeconds, historySeconds } = this.config.runs;
    this.timers = [
      new SweepTimer('the clock of schedules', TICK_SECONDS, async (signal) => {
        await this.scheduler.tick(signal);
      }),
      new SweepTimer('the sweep of schedules', sweepSeconds, async (signal) => {
        await this.scheduler.sweep(historySeconds, signal);
      }),
    ];
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.timers.map(async (timer) => timer.stop()));
  }
}
