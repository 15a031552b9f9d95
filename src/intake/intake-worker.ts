import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { DeadLetters } from './dead-letters.js';
import { GroupPool } from './group-pool.js';
import { IntakeProcessor } from './intake.processor.js';
import { IntakeWorkRepository } from './intake-work.repository.js';
import { QueueConsumer } from './queue-consumer.js';

/** Groups that one sweep hands over; the next sweep takes the next ones. */
const BATCH = 500;

/** Finds from time to time what nobody was told of: groups of a worker that died, or of news that Redis lost. */
@Injectable()
export class IntakeSweeper implements OnApplicationBootstrap {
  private timer: SweepTimer | undefined;

  constructor(
    private readonly repository: IntakeWorkRepository,
    private readonly pool: GroupPool,
    private readonly deadLetters: DeadLetters,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = new SweepTimer('the sweep of the intake', this.config.runs.sweepSeconds, async (signal) => {
      await this.sweep(signal);
    });
  }

  async sweep(signal: AbortSignal): Promise<void> {
    for (const group of await this.repository.dueGroups(BATCH)) await this.pool.add(group);
    await this.deadLetters.send(signal);
  }

  async stop(): Promise<void> {
    await this.timer?.stop();
  }
}

/** Ends the parts of the intake in their order: nothing new, then what is at hand. */
@Injectable()
export class IntakeDrain implements OnModuleDestroy {
  constructor(
    private readonly consumer: QueueConsumer,
    private readonly processor: IntakeProcessor,
    private readonly sweeper: IntakeSweeper,
    private readonly pool: GroupPool,
  ) {}

  async onModuleDestroy(): Promise<void> {
    const stopped = [this.consumer.stop(), this.processor.consumer.stop(), this.sweeper.stop(), this.pool.stop()];
    await Promise.all(stopped);
  }
}
