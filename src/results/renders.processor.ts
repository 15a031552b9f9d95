import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { Config } from '../config/config.js';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { RenderWorker } from './render-worker.js';
import { RENDERS_QUEUE, renderJobSchema } from './results.jobs.js';

/** Takes renders off their queue. */
@Injectable()
export class RendersProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;

  constructor(@InjectQueue(RENDERS_QUEUE) queue: Queue, config: Config, worker: RenderWorker) {
    this.consumer = new JobConsumer(queue, config.worker.concurrency, async (data) => {
      await worker.work(renderJobSchema.parse(data).artifactId);
    });
  }

  onApplicationBootstrap(): void {
    this.consumer.start();
  }
}
