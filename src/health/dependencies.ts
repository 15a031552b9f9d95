import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { QueueChecks } from '../platform/queue/queue-checks.js';
import { Sqs } from '../platform/sqs/sqs.js';
import { Storage } from '../storage/storage.js';

/** A dependency that does not answer within this time counts as not available. */
const TIMEOUT_MS = 2000;
/** Need not exist: asking for it shows that the storage answers. */
const STORAGE_PROBE_KEY = 'health';

export const DATABASE = 'database';
const QUEUE = 'queue:';

/** What this process depends on, and how each is asked. */
@Injectable()
export class Dependencies {
  /** URLs of the SQS queues that are configured, by the name that is shown. */
  private readonly remoteQueues: ReadonlyMap<string, string>;

  constructor(
    private readonly prisma: PrismaService,
    private readonly queues: QueueChecks,
    private readonly storage: Storage,
    private readonly sqs: Sqs,
    { intake, events }: Config,
  ) {
    const urls = [intake.queueUrl, intake.outputQueueUrl, intake.deadLetterQueueUrl, events.queueUrl];
    this.remoteQueues = new Map(
      urls.filter((url) => url !== undefined).map((url) => [`${QUEUE}${url.slice(url.lastIndexOf('/') + 1)}`, url]),
    );
  }

  names(): string[] {
    const queues = this.queues.names().map((name) => `${QUEUE}${name}`);
    return [DATABASE, 'redis', 'storage', ...new Set([...queues, ...this.remoteQueues.keys()])];
  }

  /** Rejects when the dependency is not available, within a bounded time. */
  async check(name: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer within ${String(TIMEOUT_MS)} ms`));
      }, TIMEOUT_MS);
    });
    try {
      await Promise.race([this.ask(name), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async pendingMigrations(): Promise<string[]> {
    return await this.prisma.pendingMigrations();
  }

  private async ask(name: string): Promise<void> {
    const remoteQueue = this.remoteQueues.get(name);
    if (remoteQueue !== undefined) await this.askRemote(remoteQueue);
    else if (name === DATABASE) await this.prisma.ping();
    else if (name === 'redis') await this.queues.ping();
    else if (name === 'storage') await this.storage.head(STORAGE_PROBE_KEY);
    else await this.queues.check(name.slice(QUEUE.length));
  }

  private async askRemote(url: string): Promise<void> {
    if (!(await this.sqs.check(url))) throw new Error('the queue does not answer');
  }
}
