import { BullModule } from '@nestjs/bull';
import { Global, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../../config/config.js';
import { Broadcast } from './broadcast.js';
import { QueueChecks } from './queue-checks.js';
import { RedisBroadcast } from './redis-broadcast.js';
import { redisOptions } from './redis-options.js';

/** Bull over Redis, and announcements between processes. */
@Global()
@Module({
  imports: [
    BullModule.forRootAsync({
      inject: [Config],
      useFactory: (config: Config) => ({
        prefix: 'longhaul',
        createClient: () => new Redis(config.redis.url, redisOptions),
        // A worker that stands still, or whose host is gone, goes on receiving jobs: they are given to another one soon.
        settings: { stalledInterval: config.runs.sweepSeconds * 1000 },
        defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      }),
    }),
  ],
  providers: [{ provide: Broadcast, useClass: RedisBroadcast }, QueueChecks],
  exports: [Broadcast, QueueChecks, BullModule],
})
export class QueueModule {}
