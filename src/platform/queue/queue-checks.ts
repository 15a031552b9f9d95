import { Injectable } from '@nestjs/common';
import type { Queue } from 'bull';

/** The queues that this process uses, for those who want to know whether they work. */
@Injectable()
export class QueueChecks {
  private readonly queues = new Map<string, Queue>();

  register(queue: Queue): void {
    this.queues.set(queue.name, queue);
  }

  names(): string[] {
    return [...this.queues.keys()].sort();
  }

  /** Throws when the queue cannot be asked. */
  async check(name: string): Promise<void> {
    await this.queues.get(name)?.getWaitingCount();
  }

  /** Throws when Redis cannot be asked. */
  async ping(): Promise<void> {
    const [queue] = this.queues.values();
    await queue?.client.ping();
  }
}
