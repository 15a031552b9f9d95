import { Logger } from '@nestjs/common';
import type { Queue } from 'bull';
import { setTimeout as delay } from 'node:timers/promises';

const STOP_TIMEOUT_MS = 2000;

/**
 * Takes jobs off a Bull queue, so many at once. What `@Process` of @nestjs/bull does, but with a concurrency that is
 * configured and a stop that lets the jobs in work go on.
 */
export class JobConsumer {
  private readonly logger = new Logger(JobConsumer.name);

  constructor(
    private readonly queue: Queue,
    private readonly concurrency: number,
    private readonly handle: (data: unknown) => Promise<void>,
  ) {}

  start(): void {
    this.queue.on('failed', (job, error) => {
      this.logger.error({
        err: error,
        msg: `job ${String(job.id)} of ${this.queue.name} failed; the sweep sees to it`,
      });
    });
    // Resolves when the queue is closed; an error of the connection is retried by Bull itself.
    this.queue
      .process(this.concurrency, async (job) => {
        await this.handle(job.data);
      })
      .catch((error: unknown) => {
        this.logger.error({ err: error, msg: `the queue ${this.queue.name} cannot be consumed` });
      });
  }

  /** Takes no more jobs; those in work go on. Returns within a bounded time, also when Redis does not answer. */
  async stop(): Promise<void> {
    const paused = this.queue.pause(true, true).catch((error: unknown) => {
      this.logger.warn({ err: error, msg: `the queue ${this.queue.name} could not be paused` });
    });
    await Promise.race([paused, delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  }
}
