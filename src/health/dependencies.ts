import { Injectable } from '@nestjs/common';
import { PrismaService } from '../platform/prisma/prisma.service.js';
import { QueueChecks } from '../platform/queue/queue-checks.js';
import { Storage } from '../storage/storage.js';

/** A dependency that does not answer within this time counts as not available. */
const TIMEOUT_MS = 2000;
/** Need not exist: asking for it shows that the storage answers. */
const STORAGE_PROBE_KEY = 'health';

export const DATABASE = 'database';

/** What this process depends on, and how each is asked. */
@Injectable()
export class Dependencies {
  constructor(
    private readonly prisma: PrismaService,
    private readonly queues: QueueChecks,
    private readonly storage: Storage,
  ) {}

  names(): string[] {
    return [DATABASE, 'redis', 'storage', ...this.queues.names().map((name) => `queue:${name}`)];
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
    if (name === DATABASE) await this.prisma.ping();
    else if (name === 'redis') await this.queues.ping();
    else if (name === 'storage') await this.storage.head(STORAGE_PROBE_KEY);
    else await this.queues.check(name.slice('queue:'.length));
  }
}
