import { Injectable, Logger } from '@nestjs/common';
import { AppError, ErrorCode } from '../common/errors.js';
import { Config } from '../config/config.js';
import { type RunOutcome } from './run-context.js';
import { RunStopped } from './run-errors.js';
import { RunFiles } from './run-files.js';
import { RunKind, RunStatus, type Run, type RunError } from './run.js';
import { isTerminal } from './run-state.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { RunWatcher } from './run-watcher.js';
import { RunsQueue } from './runs.queue.js';

/** Longest pause between two attempts. */
const MAX_RETRY_DELAY_SECONDS = 300;

/** An attempt of a run: all that is needed to change it while it is still the row's attempt. */
export type AttemptOf = Pick<Run, 'id' | 'attempt' | 'failures'>;

/** How attempts end: the conditional change, then its files, its announcement and its job. */
@Injectable()
export class RunLifecycle {
  private readonly logger = new Logger(RunLifecycle.name);

  constructor(
    private readonly changes: RunChangesRepository,
    private readonly watcher: RunWatcher,
    private readonly queue: RunsQueue,
    private readonly files: RunFiles,
    private readonly config: Config,
  ) {}

  async complete(run: Run, outcome: RunOutcome): Promise<void> {
    // Before the run ends: afterwards nobody would look for them, should this process be killed.
    for (let attempt = 1; attempt < run.attempt; attempt += 1) await this.discard({ ...run, attempt });
    const { resultTtlSeconds } = this.config.runs;
    const completed = await this.changes.complete(run, outcome.manifest, {
      artifact: outcome.artifact,
      resultTtlSeconds,
      longRunSeconds: this.config.worker.longRunSeconds,
    });
    if (!completed) {
      await this.endAsRowSays(run);
      return;
    }
    await this.watcher.announce(completed);
    if (run.kind === RunKind.Export) await this.tidy(run, async () => this.files.removePages(run.id));
  }

  /** Ends an attempt that did not complete, by the class of its error. */
  async settle(run: AttemptOf, error: unknown): Promise<void> {
    if (error instanceof RunStopped) {
      await this.settleStopped(run, error.reason);
      return;
    }
    const retryable = !(error instanceof AppError) || error.retryable;
    if (retryable) {
      // Failures count in a row: an attempt that has brought pages is a step towards the end, however many it takes.
      const failures = (await this.files.hasPagesOf(run)) ? 0 : run.failures + 1;
      if (failures < this.config.runs.maxAttempts) {
        await this.requeue(run, { delaySeconds: this.retryDelay(Math.max(0, failures - 1)), failures });
        return;
      }
    }
    const failed = await this.changes.fail(run, toRunError(error, run.attempt), this.config.runs.resultTtlSeconds);
    if (!failed) {
      await this.endAsRowSays(run);
      return;
    }
    await this.tidy(run, async () => this.files.removeAll(run.id));
    await this.watcher.announce(failed);
  }

  private async settleStopped(run: AttemptOf, reason: RunStopped['reason']): Promise<void> {
    switch (reason) {
      case 'drained':
        await this.requeue(run, { delaySeconds: 0, failures: run.failures });
        return;
      case 'fenced':
      case 'cancelled':
        await this.endAsRowSays(run);
    }
  }

  private async requeue(run: AttemptOf, options: { delaySeconds: number; failures: number }): Promise<void> {
    const { longRunSeconds } = this.config.worker;
    const queued = await this.changes.requeue(run, { ...options, longRunSeconds });
    if (!queued) {
      await this.endAsRowSays(run);
      return;
    }
    await this.discard(run);
    await this.watcher.announce(queued);
    await this.queue.enqueue(queued, options.delaySeconds);
  }

  /**
   * For an attempt whose change was not taken: it is being cancelled, somebody else has the run, or the change was taken
   * before and only the answer was lost. The row decides, so that the files of a completed run stay.
   */
  private async endAsRowSays(run: AttemptOf): Promise<void> {
    const row = await this.changes.stateOf(run.id);
    const isOurs = row?.attempt === run.attempt;
    if (isOurs && row.status === RunStatus.Completed) return;
    if (isOurs && row.status === RunStatus.Cancelling) {
      // The files go first: `cancelled` says that nothing is left. If they cannot, the sweep tries again after the lease.
      await this.files.removeAll(run.id);
      const cancelled = await this.changes.confirmCancel(run, this.config.runs.resultTtlSeconds);
      if (cancelled) await this.watcher.announce(cancelled);
      return;
    }
    this.logger.warn(`the work of attempt ${String(run.attempt)} of run ${run.id} is dropped`);
    // A worker that was thought lost may have written after the run had ended without a result.
    if (!row || (isTerminal(row.status) && row.status !== RunStatus.Completed)) {
      await this.tidy(run, async () => this.files.removeAll(run.id));
    } else {
      // Or after it had completed: then only pages, which nobody needs any more.
      if (isTerminal(row.status)) await this.tidy(run, async () => this.files.removePages(run.id));
      await this.discard(run);
    }
  }

  /** Files of an attempt that did not make it. */
  private async discard(run: AttemptOf): Promise<void> {
    await this.tidy(run, async () => this.files.removeAttempt(run));
  }

  /** What cannot be removed now goes with a sweep: pages with the next one, other files with the run at the latest. */
  private async tidy(run: AttemptOf, remove: () => Promise<void>): Promise<void> {
    try {
      await remove();
    } catch (error) {
      this.logger.warn({
        err: error,
        msg: `could not remove the files of attempt ${String(run.attempt)} of run ${run.id}`,
      });
    }
  }

  /** Doubles with each failure; the jitter keeps runs that failed together from coming back together. */
  private retryDelay(failures: number): number {
    const delay = Math.min(this.config.runs.retryDelaySeconds * 2 ** failures, MAX_RETRY_DELAY_SECONDS);
    return delay * (0.5 + Math.random() / 2);
  }
}

function toRunError(error: unknown, attempt: number): RunError {
  if (error instanceof AppError) return { code: error.code, detail: error.message, attempt };
  return {
    code: ErrorCode.InternalError,
    detail: 'The run failed for a reason inside the service. The log has the cause under the run id.',
    attempt,
  };
}
