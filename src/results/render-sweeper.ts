import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { ArtifactsRepository } from './artifacts.repository.js';
import { RendersQueue } from './renders.queue.js';

const BATCH = 100;

/** Re-adds renders that Redis or a worker lost. */
@Injectable()
export class RenderSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: SweepTimer | undefined;

  constructor(
    private readonly artifacts: ArtifactsRepository,
    private readonly queue: RendersQueue,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = new SweepTimer('the sweep of renders', this.config.runs.sweepSeconds, async () => {
      await this.queue.enqueueMissing(await this.artifacts.overdue(BATCH));
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }
}
