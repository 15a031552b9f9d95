import { Logger } from '@nestjs/common';
import type { Queue } from 'bull';
import { type QueueChecks } from './queue-checks.js';

export interface QueuedJob<T> {
  /** Equal ids are one job as long as it exists. */
  id: string;
  data: T;
  delaySeconds?: number;
}

const ENQUEUE_TIMEOUT_MS = 2000;
/** Of the Redis client: it was connected, and is not now. A caller need not wait to be told. */
const AWAY: ReadonlySet<string> = new Set(['close', 'reconnecting', 'end']);

/**
 * Adds jobs to a Bull queue without ever failing the caller: the database row is the truth, and a sweep adds what
 * Redis missed. Ids only in the payload.
 */
export class JobQueue<T extends object> {
  private readonly logger = new Logger(JobQueue.name);

  constructor(
    private readonly queue: Queue<T>,
    checks: QueueChecks,
  ) {
    checks.register(queue);
  }

  async add(job: QueuedJob<T>): Promise<void> {
    const delay = (job.delaySeconds ?? 0) * 1000;
    await this.attempt(`add job ${job.id}`, async () => {
      await this.queue.add(job.data, { jobId: job.id, delay });
    });
  }

  /** Adds those of the jobs that Redis does not know, and makes due those that wait by the clock of a process that is ahead. */
  async addMissing(jobs: readonly QueuedJob<T>[]): Promise<void> {
    if (jobs.length === 0) return;
    await this.attempt(`add up to ${String(jobs.length)} missing jobs`, async () => {
      const known = this.queue.client.multi();
      for (const job of jobs) known.exists(this.queue.toKey(job.id)).zscore(this.queue.toKey('delayed'), job.id);
      const answers = (await known.exec()) ?? [];
      const missing = jobs.filter((_, index) => answers[2 * index]?.[1] === 0);
      const delayed = jobs.filter((_, index) => typeof answers[2 * index + 1]?.[1] === 'string');
      await this.queue.addBulk(missing.map((job) => ({ data: job.data, opts: { jobId: job.id } })));
      for (const { id } of delayed) await this.promote(id);
    });
  }

  private async promote(id: string): Promise<void> {
    const job = await this.queue.getJob(id);
    try {
      await job?.promote();
    } catch (error) {
      // Otherwise another sweep, or its time, was faster.
      if (await job?.isDelayed()) throw error;
    }
  }

  private async attempt(what: string, work: () => Promise<void>): Promise<void> {
    if (AWAY.has(this.queue.client.status)) {
      this.logger.warn(`Redis is away: could not ${what} to ${this.queue.name}; the sweep will`);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`Redis did not answer within ${String(ENQUEUE_TIMEOUT_MS)} ms`));
      }, ENQUEUE_TIMEOUT_MS);
    });
    try {
      await Promise.race([work(), timeout]);
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not ${what} to ${this.queue.name}; the sweep will` });
    } finally {
      clearTimeout(timer);
    }
  }
}
