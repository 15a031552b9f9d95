import { BullModule } from '@nestjs/bull';
import { Global, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../../config/config.js';
import { Broadcast } from './broadcast.js';
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
        defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      }),
    }),
  ],
  providers: [{ provide: Broadcast, useClass: RedisBroadcast }],
  exports: [Broadcast, BullModule],
})
export class QueueModule {}
