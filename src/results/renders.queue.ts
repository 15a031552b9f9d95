import { InjectQueue } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bull';
import { QueueChecks } from '../platform/queue/queue-checks.js';
import { JobQueue } from '../platform/queue/job-queue.js';
import { RENDERS_QUEUE, type RenderJob } from './results.jobs.js';

/** Hands renders to the workers. */
@Injectable()
export class RendersQueue {
  private readonly queue: JobQueue<RenderJob>;

  constructor(@InjectQueue(RENDERS_QUEUE) queue: Queue<RenderJob>, checks: QueueChecks) {
    this.queue = new JobQueue(queue, checks);
  }

  async enqueue(artifactId: string): Promise<void> {
    await this.queue.add({ id: artifactId, data: { artifactId } });
  }

  async enqueueMissing(artifactIds: readonly string[]): Promise<void> {
    await this.queue.addMissing(artifactIds.map((artifactId) => ({ id: artifactId, data: { artifactId } })));
  }
}
