import { Process, Processor } from '@nestjs/bull';
import type { Job } from 'bull';
import { RenderWorker } from './render-worker.js';
import { RENDERS_QUEUE, renderJobSchema } from './results.jobs.js';

@Processor(RENDERS_QUEUE)
export class RendersProcessor {
  constructor(private readonly worker: RenderWorker) {}

  @Process({ concurrency: 1 })
  async process(job: Job<unknown>): Promise<void> {
    await this.worker.work(renderJobSchema.parse(job.data).artifactId);
  }
}
