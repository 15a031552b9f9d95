import { Injectable } from '@nestjs/common';
import { Config } from '../config/config.js';
import { RunAlreadyEnded, RunNotFound } from './run-errors.js';
import { RunStatus, type Run } from './run.js';
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
  constructor(
    private readonly repository: RunsRepository,
    private readonly changes: RunChangesRepository,
    private readonly watcher: RunWatcher,
    private readonly config: Config,
  ) {}

  async get(owner: string, id: string): Promise<Run> {
    const run = await this.repository.find(owner, id);
    if (!run) throw new RunNotFound(id);
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
  async cancel(owner: string, id: string): Promise<Run> {
    for (let tries = 0; tries < CANCEL_TRIES; tries += 1) {
      const cancelled = await this.tryCancel(await this.get(owner, id));
      if (cancelled) return cancelled;
    }
    throw new Error(`run ${id} changed too often to be cancelled`);
  }

  /** Cancels the run if needed; it is invisible at once and removed with its files when it has stopped. */
  async purge(owner: string, id: string): Promise<void> {
    const run = await this.get(owner, id);
    await this.repository.requestPurge(owner, id);
    for (let tries = 0; tries < CANCEL_TRIES && !isTerminal(run.status); tries += 1) {
      const cancelled = await this.changes.cancel(id, this.config.runs.resultTtlSeconds);
      if (!cancelled) continue;
      await this.watcher.announce(cancelled);
      return;
    }
  }

  private async tryCancel(run: Run): Promise<Run | null> {
    if (run.status === RunStatus.Cancelling) return run;
    if (isTerminal(run.status)) throw new RunAlreadyEnded(run.id, run.status);
    const cancelled = await this.changes.cancel(run.id, this.config.runs.resultTtlSeconds);
    if (cancelled) await this.watcher.announce(cancelled);
    return cancelled;
  }
}
