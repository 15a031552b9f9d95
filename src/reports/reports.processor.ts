import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { Config } from '../config/config.js';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { RunExecutor } from '../runs/run-executor.js';
import { REPORTS_QUEUE, runJobSchema } from '../runs/runs.jobs.js';
import { ReportRunner } from './report-runner.js';

/** Takes reports off their queue. */
@Injectable()
export class ReportsProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;

  constructor(
    @InjectQueue(REPORTS_QUEUE) queue: Queue,
    config: Config,
    private readonly executor: RunExecutor,
    private readonly runner: ReportRunner,
  ) {
    this.consumer = new JobConsumer(queue, config.worker.concurrency, async (data) => {
      await this.process(data);
    });
  }

  onApplicationBootstrap(): void {
    this.consumer.start();
  }

  async process(data: unknown): Promise<void> {
    const { runId } = runJobSchema.parse(data);
    await this.executor.execute(runId, async (context) => await this.runner.run(context));
  }
}
