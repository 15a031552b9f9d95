import { Module } from '@nestjs/common';
import { Config } from '../../config/config.js';
import { NoSqs } from './no-sqs.js';
import { Sqs } from './sqs.js';

/** The AWS SDK takes some 20 MB of memory: only who has queues loads it. */
async function openSqs(config: Config): Promise<Sqs> {
  const { intake, events } = config;
  const queues = [intake.queueUrl, intake.outputQueueUrl, intake.deadLetterQueueUrl, events.queueUrl];
  if (queues.every((url) => url === undefined)) return new NoSqs();
  const { AwsSqs } = await import('./aws-sqs.js');
  return new AwsSqs(config);
}

@Module({ providers: [{ provide: Sqs, inject: [Config], useFactory: openSqs }], exports: [Sqs] })
export class SqsModule {}
