import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Config } from '../config/config.js';
import { RunAlreadyEnded, RunNotFound } from './run-errors.js';
import { RunStatus, type NewRun, type Reuse, type Run } from './run.js';
import { RunChangesRepository } from './run-changes.repository.js';
import { isTerminal } from './run-state.js';
import { RunWatcher } from './run-watcher.js';
import { RunsQueue } from './runs.queue.js';
import { RunsRepository, type RunQuery } from './runs.repository.js';

/** A cancel can meet a run that changes hands; it looks again at most so often. */
const CANCEL_TRIES = 5;

export interface CreatedRun {
  run: Run;
  reuse: Reuse | null;
  /** The answer to an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}

/** What a caller can do with runs, of whatever kind. */
@Injectable()
export class RunsService {
  constructor(
    private readonly repository: RunsRepository,
    private readonly changes: RunChangesRepository,
    private readonly queue: RunsQueue,
    private readonly watcher: RunWatcher,
    private readonly config: Config,
  ) {}

  /** Writes the run, then hands it to the workers. It will run even if Redis is down now: the sweep re-adds it. */
  async create(newRun: NewRun): Promise<CreatedRun> {
    const earlier = await this.findReplayed(newRun);
    if (earlier) return earlier;
    const { runs } = this.config;
    const options = {
      fingerprint: fingerprint(newRun),
      timeoutSeconds: Math.min(newRun.timeoutSeconds ?? runs.timeoutSeconds, runs.maxTimeoutSeconds),
      resultTtlSeconds: runs.resultTtlSeconds,
      idempotencySeconds: runs.idempotencySeconds,
    };
    const created = await this.repository.create(newRun, options);
    if (created) {
      const { run, existed } = created;
      if (!existed) await this.queue.enqueue(run);
      return { run, reuse: existed ? reuseOf(run) : null, replayed: false };
    }
    const winner = await this.findReplayed(newRun);
    if (winner) return winner;
    throw new Error('an Idempotency-Key was taken and freed at the same moment');
  }

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

  private async findReplayed(newRun: NewRun): Promise<CreatedRun | null> {
    if (!newRun.idempotency) return null;
    const { key, requestHash } = newRun.idempotency;
    const run = await this.repository.findByIdempotencyKey(newRun.owner, key, requestHash);
    return run && { run, reuse: null, replayed: true };
  }
}

function reuseOf(run: Run): Reuse {
  return run.status === RunStatus.Completed
    ? { kind: 'cache', asOf: run.finishedAt ?? run.createdAt }
    : { kind: 'inflight', asOf: run.createdAt };
}

/** Digest of all that decides the rows. Keys are sorted, so that the order in a body does not matter. */
function fingerprint(run: NewRun): string {
  const inputs = run.inputs.map(({ name, id }) => [name, id]);
  const identity = [
    run.kind,
    run.name,
    run.definitionVersion,
    sortKeys(run.parameters),
    run.timeZone,
    run.format,
    inputs,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
