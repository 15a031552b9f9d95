import { Injectable, Logger } from '@nestjs/common';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Config } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { Attempt } from './attempt.js';
import { attemptPrefix, type RunWork } from './run-context.js';
import type { Run } from './run.js';
import { asDiskFull, RunStopped } from './run-errors.js';
import { RunLifecycle } from './run-lifecycle.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { Scratch } from './scratch.js';

/** Sees runs that this worker has taken to their end, whatever happens on the way. */
@Injectable()
export class RunExecutor {
  private readonly logger = new Logger(RunExecutor.name);
  private readonly attempts = new Set<Attempt>();
  private readonly inHand = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly lifecycle: RunLifecycle,
    private readonly changes: RunChangesRepository,
    private readonly broadcast: Broadcast,
    private readonly scratch: Scratch,
    private readonly config: Config,
  ) {}

  /** Works on a run whose attempt has begun until it has ended or is queued again. */
  async execute(run: Run, work: RunWork): Promise<void> {
    const done = this.hold(run, work);
    this.inHand.add(done);
    try {
      await done;
    } finally {
      this.inHand.delete(done);
    }
  }

  /**
   * Tells the work to come to an end, lets it do so within the configured time, and hands back the runs that have not ended by
   * then. Those that are still being taken are handed back at once; `taking` resolves when there are no more.
   */
  async drain(taking: Promise<unknown>): Promise<void> {
    this.stopping.abort();
    const ended = taking.then(async () => Promise.allSettled(this.inHand));
    const patience = new AbortController();
    const grace = delay(this.config.worker.drainSeconds * 1000, undefined, { signal: patience.signal }).catch(
      () => undefined,
    );
    await Promise.race([ended, grace]);
    patience.abort();
    for (const attempt of this.attempts) attempt.stop(new RunStopped('drained'));
    await ended;
  }

  private async hold(run: Run, work: RunWork): Promise<void> {
    const attempt = new Attempt(run, this.config.runs.leaseSeconds, this.changes, this.broadcast);
    this.attempts.add(attempt);
    // Told to stop while it was being taken: there is nothing to lose yet.
    if (this.stopping.signal.aborted) attempt.stop(new RunStopped('drained'));
    try {
      await this.see(attempt, work);
    } finally {
      this.attempts.delete(attempt);
    }
  }

  private async see(attempt: Attempt, work: RunWork): Promise<void> {
    const { run, signal } = attempt;
    const directory = join(this.scratch.directory, `${run.id}.${String(run.attempt)}`);
    const startedAt = Date.now();
    try {
      await mkdir(directory, { recursive: true });
      signal.throwIfAborted();
      const outcome = await work({
        run,
        signal,
        draining: this.stopping.signal,
        deadlineAt: attempt.deadlineAt,
        directory,
        keyPrefix: attemptPrefix(run.id, run.attempt),
        progress: (phase, detail = {}) => {
          attempt.meter.report(phase, detail);
        },
      });
      signal.throwIfAborted();
      await this.lifecycle.complete(run, outcome);
      this.logger.log({
        msg: 'run completed',
        run_id: run.id,
        request_id: run.requestId,
        rows: outcome.manifest.rows,
        ms: Date.now() - startedAt,
      });
    } catch (error) {
      // What the work makes of an abort is of no interest: why it was aborted decides.
      const reason: unknown = signal.aborted ? signal.reason : asDiskFull(error);
      this.logger.warn({
        err: reason,
        msg: 'attempt ended',
        run_id: run.id,
        request_id: run.requestId,
        attempt: run.attempt,
      });
      await this.lifecycle.settle(run, reason);
    } finally {
      attempt.end();
      await rm(directory, { recursive: true, force: true });
    }
  }
}
