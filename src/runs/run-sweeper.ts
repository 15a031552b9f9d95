import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import { Config } from '../config/config.js';
import { SweepTimer } from '../platform/queue/sweep-timer.js';
import { RunStopped } from './run-errors.js';
import { RunFiles } from './run-files.js';
import { RunLifecycle } from './run-lifecycle.js';
import { RunStatus } from './run.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { RunsRepository } from './runs.repository.js';

/** How many rows one step of a sweep looks at; the next sweep takes the next ones. */
const BATCH = 500;
/** One statement removes them: more than are written between two sweeps, so that there is no backlog. */
const IDEMPOTENCY_BATCH = 10_000;

/** Raised in the name of a worker that does not answer any more. */
class WorkerLost extends AppError {
  readonly code = ErrorCode.RunWorkerLost;
  override readonly retryable = true;

  constructor() {
    super(
      'The worker was lost, and so were those of the attempts before. Check its memory limit, or ask for less data.',
    );
  }
}

/**
 * Puts right what processes that died left behind. Every worker sweeps; since each change is conditional, two sweeps
 * at once do no harm.
 */
@Injectable()
export class RunSweeper {
  private readonly logger = new Logger(RunSweeper.name);

  constructor(
    private readonly lifecycle: RunLifecycle,
    private readonly changes: RunChangesRepository,
    private readonly repository: RunsRepository,
    private readonly files: RunFiles,
  ) {}

  async sweep(historySeconds: number): Promise<void> {
    await this.recoverStrays();
    await this.removeLeftPages();
    await this.expireResults();
    await this.removeEnded(historySeconds);
    await this.repository.removeOldIdempotencyRecords(IDEMPOTENCY_BATCH);
    await this.repository.removeOldPaces(historySeconds);
  }

  private async recoverStrays(): Promise<void> {
    await this.forEach(await this.changes.strays(BATCH), async (stray) => {
      const error = stray.status === RunStatus.Cancelling ? new RunStopped('cancelled') : new WorkerLost();
      await this.lifecycle.settle(stray, error);
    });
  }

  /** Of runs whose worker died, or found no storage, between the end of the run and the removal of its pages. */
  private async removeLeftPages(): Promise<void> {
    await this.forEach(await this.files.withLeftPages(BATCH), async (id) => {
      await this.files.removePages(id);
    });
  }

  /** The files go first: readers already refuse a result whose time is over. */
  private async expireResults(): Promise<void> {
    await this.forEach(await this.changes.due(BATCH), async (id) => {
      await this.files.removeAll(id);
      await this.changes.expire(id);
    });
  }

  private async removeEnded(historySeconds: number): Promise<void> {
    await this.forEach(await this.changes.removable(historySeconds, BATCH), async (id) => {
      await this.files.removeAll(id);
      await this.repository.remove(id);
    });
  }

  /** One run that cannot be put right now must not keep the sweep from the others. */
  private async forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    for (const item of items) {
      try {
        await work(item);
      } catch (error) {
        this.logger.warn({ err: error, msg: 'the sweep could not put a run right; it tries again', item });
      }
    }
  }
}

/** Sweeps while the process lives. */
@Injectable()
export class RunSweepTimer implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: SweepTimer | undefined;

  constructor(
    private readonly sweeper: RunSweeper,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const { sweepSeconds, historySeconds } = this.config.runs;
    this.timer = new SweepTimer('the sweep of runs', sweepSeconds, async () => {
      await this.sweeper.sweep(historySeconds);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.timer?.stop();
  }
}
