import { InjectQueue } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bull';
import { JobQueue } from '../platform/queue/job-queue.js';
import { QueueChecks } from '../platform/queue/queue-checks.js';
import { INTAKE_QUEUE, type IntakeJob } from './intake.jobs.js';

/** Tells the workers of messages that were written down by a process that does not store them itself. */
@Injectable()
export class IntakeQueue {
  private readonly queue: JobQueue<IntakeJob>;

  constructor(@InjectQueue(INTAKE_QUEUE) queue: Queue<IntakeJob>, checks: QueueChecks) {
    this.queue = new JobQueue(queue, checks);
  }

  /** `newest` is the last message of the group that was written. */
  async enqueue(newest: string, job: IntakeJob): Promise<void> {
    await this.queue.add({ id: newest, data: job });
  }
}
