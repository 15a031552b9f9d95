import { Module } from '@nestjs/common';
import { AwsSqs } from './aws-sqs.js';
import { Sqs } from './sqs.js';

@Module({ providers: [{ provide: Sqs, useClass: AwsSqs }], exports: [Sqs] })
export class SqsModule {}
