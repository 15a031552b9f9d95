import { Injectable, Logger } from '@nestjs/common';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Config } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { Attempt } from './attempt.js';
import { attemptPrefix, type RunWork } from './run-context.js';
import { RunStopped } from './run-errors.js';
import { RunLifecycle } from './run-lifecycle.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { Scratch } from './scratch.js';

/** Takes runs for this worker and sees them to their end, whatever happens on the way. */
@Injectable()
export class RunExecutor {
  private readonly logger = new Logger(RunExecutor.name);
  private readonly workerId = `${hostname()}:${String(process.pid)}`;
  private readonly attempts = new Set<Attempt>();
  /** Runs that are being taken or worked on. */
  private readonly inHand = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly lifecycle: RunLifecycle,
    private readonly changes: RunChangesRepository,
    private readonly broadcast: Broadcast,
    private readonly scratch: Scratch,
    private readonly config: Config,
  ) {}

  /** Works on a queued run until it has ended or is queued again. A run that is not to be had is left alone. */
  async execute(runId: string, work: RunWork): Promise<void> {
    if (this.stopping.signal.aborted) return;
    const taken = this.take(runId, work);
    this.inHand.add(taken);
    try {
      await taken;
    } finally {
      this.inHand.delete(taken);
    }
  }

  /**
   * Takes no more runs, tells the work to come to an end, lets it do so within the configured time, and hands back the runs that
   * have not ended by then.
   */
  async drain(): Promise<void> {
    this.stopping.abort();
    const ended = Promise.allSettled(this.inHand);
    const patience = new AbortController();
    const grace = delay(this.config.worker.drainSeconds * 1000, undefined, { signal: patience.signal }).catch(
      () => undefined,
    );
    await Promise.race([ended, grace]);
    patience.abort();
    for (const attempt of this.attempts) attempt.stop(new RunStopped('drained'));
    await Promise.allSettled(this.inHand);
  }

  private async take(runId: string, work: RunWork): Promise<void> {
    const run = await this.lifecycle.claim(runId, this.workerId);
    if (!run) return;
    const attempt = new Attempt(run, this.config.runs.leaseSeconds, this.changes, this.broadcast);
    this.attempts.add(attempt);
    // Told to stop while the claim was under way: there is nothing to lose yet.
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
      const reason: unknown = signal.aborted ? signal.reason : error;
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
