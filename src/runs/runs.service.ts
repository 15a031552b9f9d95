import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/config.js';
import { RunAlreadyEnded, RunNotFound, RunStopped } from './run-errors.js';
import { RunLifecycle } from './run-lifecycle.js';
import { RunStatus, type Run, type RunKind } from './run.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { isTerminal } from './run-state.js';
import { RunWatcher } from './run-watcher.js';
import { RunsRepository, type RunQuery } from './runs.repository.js';

export type { RunQuery } from './runs.repository.js';

/** A cancel can meet a run that changes hands; it looks again at most so often. */
const CANCEL_TRIES = 5;

/** What a caller can do with runs, of whatever kind. */
@Injectable()
export class RunsService {
  private readonly logger = new Logger(RunsService.name);

  constructor(
    private readonly repository: RunsRepository,
    private readonly changes: RunChangesRepository,
    private readonly watcher: RunWatcher,
    private readonly lifecycle: RunLifecycle,
    private readonly config: Config,
  ) {}

  /** Of the kind, if one is given. Throws `RunNotFound`. */
  async get(owner: string, id: string, kind?: RunKind): Promise<Run> {
    const run = await this.repository.find(owner, id);
    if (!run || (kind !== undefined && run.kind !== kind)) throw new RunNotFound(id);
    return run;
  }

  /** For workers: the run whoever owns it. Null if it is gone. */
  async load(id: string): Promise<Run | null> {
    return await this.repository.load(id);
  }

  async list(query: RunQuery): Promise<Run[]> {
    return await this.repository.list(query);
  }

  async queuePosition(run: Run): Promise<number | null> {
    return run.status === RunStatus.Queued ? await this.repository.queuePosition(run) : null;
  }

  /** Waits for the run to end, at most so many seconds (capped by configuration). */
  async wait(run: Run, seconds: number, signal?: AbortSignal): Promise<Run> {
    const capped = Math.min(seconds, this.config.http.waitCapSeconds);
    if (capped <= 0 || isTerminal(run.status)) return run;
    const ended = await this.watcher.waitUntilEnded(run, capped, signal);
    if (!ended) throw new RunNotFound(run.id);
    return ended;
  }

  /** Asks for the end of a run. Idempotent while it is being cancelled; throws `RunAlreadyEnded` afterwards. */
  async cancel(owner: string, id: string, kind?: RunKind): Promise<Run> {
    for (let tries = 0; tries < CANCEL_TRIES; tries += 1) {
      const cancelled = await this.tryCancel(await this.get(owner, id, kind));
      if (cancelled) return cancelled;
    }
    throw new Error(`run ${id} changed too often to be cancelled`);
  }

  /** Cancels the run if needed; it is invisible at once and removed with its files when it has stopped. */
  async purge(owner: string, id: string, kind?: RunKind): Promise<void> {
    const run = await this.get(owner, id, kind);
    await this.repository.requestPurge(owner, id);
    for (let tries = 0; tries < CANCEL_TRIES && !isTerminal(run.status); tries += 1) {
      if (await this.end(id)) return;
    }
  }

  private async tryCancel(run: Run): Promise<Run | null> {
    if (run.status === RunStatus.Cancelling) return run;
    if (isTerminal(run.status)) throw new RunAlreadyEnded(run.id, run.status);
    return await this.end(run.id);
  }

  /** Null if the run changed hands meanwhile. */
  private async end(id: string): Promise<Run | null> {
    const cancelled = await this.changes.cancel(id, this.config.runs.resultTtlSeconds);
    if (cancelled) {
      await this.watcher.announce(cancelled);
      return cancelled;
    }
    const withdrawn = await this.changes.withdraw(id, this.config.runs.leaseSeconds);
    if (!withdrawn) return null;
    await this.watcher.announce(withdrawn);
    return await this.removeWithdrawn(withdrawn);
  }

  /** No worker has the run, so that nobody else removes what its attempts have left. */
  private async removeWithdrawn(run: Run): Promise<Run> {
    try {
      await this.lifecycle.settle(run, new RunStopped('cancelled'));
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not remove the files of run ${run.id}; the sweep will` });
    }
    return (await this.repository.find(run.owner, run.id)) ?? run;
  }
}
