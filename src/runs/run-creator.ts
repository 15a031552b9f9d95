import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Config } from '../config/config.js';
import { RunStatus, type NewRun, type Reuse, type Run } from './run.js';
import { RunCreationRepository } from './run-creation.repository.js';
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
