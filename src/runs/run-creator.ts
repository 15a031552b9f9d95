import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { LimitReached } from '../common/errors.js';
import { Config } from '../config/config.js';
import { Limits } from '../limits/limits.js';
import { RunStatus, type NewRun, type Reuse, type Run } from './run.js';
import { RunCreationRepository, type CreateOptions, type Creation } from './run-creation.repository.js';
import { RunsQueue } from './runs.queue.js';

export interface CreatedRun {
  run: Run;
  reuse: Reuse | null;
  /** The answer to an earlier request with the same Idempotency-Key. */
  replayed: boolean;
}

/** Creates runs, once per Idempotency-Key, and reuses equal ones when that is asked for. */
@Injectable()
export class RunCreator {
  constructor(
    private readonly repository: RunCreationRepository,
    private readonly queue: RunsQueue,
    private readonly limits: Limits,
    private readonly config: Config,
  ) {}

  /**
   * Writes the run, then hands it to the workers. It will run even if Redis is down now: the sweep re-adds it. Throws `QueueFull` and
   * `StorageUsedUp`; a run that exists is answered all the same.
   */
  async create(newRun: NewRun): Promise<CreatedRun> {
    const earlier = await this.findReplayed(newRun);
    if (earlier) return earlier;
    const { runs } = this.config;
    const limits = await this.limits.of(newRun.owner);
    const options = {
      fingerprint: fingerprint(newRun),
      timeoutSeconds: Math.min(newRun.timeoutSeconds ?? runs.timeoutSeconds, limits.runSeconds),
      resultTtlSeconds: runs.resultTtlSeconds,
      idempotencySeconds: runs.idempotencySeconds,
      maxQueued: limits.queued,
      refusal: await this.limits.storageUsedUp(newRun.owner),
    };
    const created = await this.write(newRun, options);
    if (created instanceof LimitReached || created === null) {
      // Another request with the key was faster, and may have got the last place that there was.
      const winner = await this.findReplayed(newRun);
      if (winner) return winner;
      throw created ?? new Error('an Idempotency-Key was taken and freed at the same moment');
    }
    const { run, existed } = created;
    if (!existed) await this.queue.enqueue(run);
    return { run, reuse: existed ? reuseOf(run) : null, replayed: false };
  }

  private async write(newRun: NewRun, options: CreateOptions): Promise<Creation | LimitReached> {
    try {
      return await this.repository.create(newRun, options);
    } catch (error) {
      if (error instanceof LimitReached) return error;
      throw error;
    }
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
    sortKeys(run.formatOptions),
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
