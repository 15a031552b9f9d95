import { InjectQueue } from '@nestjs/bull';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Queue } from 'bull';
import { JobConsumer } from '../platform/queue/job-consumer.js';
import { GroupPool } from './group-pool.js';
import { INTAKE_QUEUE, intakeJobSchema } from './intake.jobs.js';

/** The pool decides how much is in work; a job is only the news that there is some. */
const CONCURRENCY = 1;

@Injectable()
export class IntakeProcessor implements OnApplicationBootstrap {
  readonly consumer: JobConsumer;

  constructor(@InjectQueue(INTAKE_QUEUE) queue: Queue, pool: GroupPool) {
    this.consumer = new JobConsumer(queue, CONCURRENCY, async (data) => {
      await pool.add(intakeJobSchema.parse(data));
    });
  }

  onApplicationBootstrap(): void {
    this.consumer.start();
  }
}
