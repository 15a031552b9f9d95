import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { Config } from '../config/config.js';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { RunExecutor } from '../runs/run-executor.js';
import { EXPORTS_QUEUE, runJobSchema } from '../runs/runs.jobs.js';
import { ExportRunner } from './export-runner.js';

/** Takes exports off their queue. */
@Injectable()
export class ExportsProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;

  constructor(@InjectQueue(EXPORTS_QUEUE) queue: Queue, config: Config, executor: RunExecutor, runner: ExportRunner) {
    this.consumer = new JobConsumer(queue, config.worker.concurrency, async (data) => {
      await executor.execute(runJobSchema.parse(data).runId, async (context) => await runner.run(context));
    });
  }

  onApplicationBootstrap(): void {
    this.consumer.start();
  }
}
