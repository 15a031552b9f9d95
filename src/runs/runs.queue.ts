import { InjectQueue } from '@nestjs/bull';
import { Injectable } from '@nestjs/common';
import type { Queue } from 'bull';
import { QueueChecks } from '../platform/queue/queue-checks.js';
import { JobQueue } from '../platform/queue/job-queue.js';
import { RunKind, type Run } from './run.js';
import { EXPORTS_QUEUE, REPORTS_QUEUE, type RunJob } from './runs.jobs.js';

/** Tells the workers that there is a run. The only caller of Bull for runs. */
@Injectable()
export class RunsQueue {
  private readonly queues: Readonly<Record<RunKind, JobQueue<RunJob>>>;

  constructor(
    @InjectQueue(REPORTS_QUEUE) reports: Queue<RunJob>,
    @InjectQueue(EXPORTS_QUEUE) exports: Queue<RunJob>,
    checks: QueueChecks,
  ) {
    this.queues = {
      [RunKind.Report]: new JobQueue(reports, checks),
      [RunKind.Export]: new JobQueue(exports, checks),
    };
  }

  async enqueue(run: Pick<Run, 'id' | 'kind' | 'attempt'>, delaySeconds = 0): Promise<void> {
    await this.queues[run.kind].add({ id: jobId(run), data: { runId: run.id }, delaySeconds });
  }
}

/** A job per attempt: adding it twice is one job, and the job of an attempt that died does not hide the next one. */
const jobId = (run: Pick<Run, 'id' | 'attempt'>): string => `${run.id}.${String(run.attempt)}`;
