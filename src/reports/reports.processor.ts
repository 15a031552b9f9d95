import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { RunDispatcher } from '../runs/run-dispatcher.js';
import type { RunSlots } from '../runs/run-slots.js';
import { RunKind } from '../runs/run.js';
import { REPORTS_QUEUE } from '../runs/runs.jobs.js';
import { ReportRunner } from './report-runner.js';

/** Runs reports; a job says that there is one. */
@Injectable()
export class ReportsProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;
  private readonly slots: RunSlots;

  constructor(@InjectQueue(REPORTS_QUEUE) queue: Queue, dispatcher: RunDispatcher, runner: ReportRunner) {
    this.slots = dispatcher.open(RunKind.Report, async (context) => await runner.run(context));
    this.consumer = new JobConsumer(queue, 1, async () => this.slots.offer());
  }

  onApplicationBootstrap(): void {
    this.slots.start();
    this.consumer.start();
  }
}
