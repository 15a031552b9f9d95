import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { RunDispatcher } from '../runs/run-dispatcher.js';
import type { RunSlots } from '../runs/run-slots.js';
import { RunKind } from '../runs/run.js';
import { EXPORTS_QUEUE } from '../runs/runs.jobs.js';
import { ExportRunner } from './export-runner.js';

/** Runs exports; a job says that there is one. */
@Injectable()
export class ExportsProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;
  private readonly slots: RunSlots;

  constructor(@InjectQueue(EXPORTS_QUEUE) queue: Queue, dispatcher: RunDispatcher, runner: ExportRunner) {
    this.slots = dispatcher.open(RunKind.Export, async (context) => await runner.run(context));
    this.consumer = new JobConsumer(queue, 1, async () => this.slots.offer());
  }

  onApplicationBootstrap(): void {
    this.slots.start();
    this.consumer.start();
  }
}
