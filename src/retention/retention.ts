import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Config } from '../config/config.js';
import { versionFolder } from '../datasets/dataset.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { Storage } from '../storage/storage.js';
import { RetentionRepository } from './retention.repository.js';

const SWEEP_SECONDS = 60;
const BATCH = 500;

/** Removes what is older or more than is to be kept. Every worker sweeps; several at once do no harm. */
@Injectable()
export class Retention implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Retention.name);
  private timer: SweepTimer | undefined;

  constructor(
    private readonly repository: RetentionRepository,
    private readonly storage: Storage,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = new SweepTimer('the sweep of what is too old or too much', SWEEP_SECONDS, async (signal) => {
      await this.sweep(signal);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }

  /** Goes on until nothing is left or the signal aborts. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { audit, retention } = this.config;
    const { resultCount: count, resultBytes: bytes } = retention;
    await this.inSteps('results ended before their time', signal, async () =>
      count + bytes === 0 ? 0 : this.repository.endExcessResults({ count, bytes }, BATCH),
    );
    await this.inSteps('versions of datasets removed', signal, async () => this.removeVersions());
    await this.inSteps('entries of the audit removed', signal, async () =>
      this.repository.removeAudit(audit.retentionSeconds, BATCH),
    );
    // What a key did is in the audit for as long, so that the audit never names a key that nobody can look up.
    await this.inSteps('keys removed', signal, async () => this.repository.removeKeys(audit.retentionSeconds, BATCH));
  }

  private async inSteps(what: string, signal: AbortSignal, step: () => Promise<number>): Promise<void> {
    let total = 0;
    for (let done = BATCH; done === BATCH && !signal.aborted;) {
      done = await step();
      total += done;
    }
    if (total > 0) this.logger.log(`${String(total)} ${what}`);
  }

  /** Rows go first: what a crash leaves is a file that nothing refers to, which the sweep of orphans finds, never a row without. */
  private async removeVersions(): Promise<number> {
    const removed = await this.repository.removeVersions(this.config.retention.datasetVersions, BATCH);
    for (const { id, datasetId } of removed) await this.storage.removeAll(versionFolder(datasetId, id));
    return removed.length;
  }
}
