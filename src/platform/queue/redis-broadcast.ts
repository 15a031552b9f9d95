import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { Config } from '../../config/config.js';
import { Broadcast } from './broadcast.js';
import { redisOptions } from './redis-options.js';

/** Redis publish/subscribe: one connection listens for the whole process, whatever the number of subscribers. */
@Injectable()
export class RedisBroadcast extends Broadcast implements OnApplicationShutdown {
  private readonly logger = new Logger(RedisBroadcast.name);
  private readonly listeners = new EventEmitter().setMaxListeners(0);
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  constructor(config: Config) {
    super();
    // No offline queue for announcements: what cannot be said now is old news later.
    this.publisher = new Redis(config.redis.url, { ...redisOptions, enableOfflineQueue: false, lazyConnect: true });
    this.subscriber = new Redis(config.redis.url, { ...redisOptions, lazyConnect: true });
    for (const client of [this.publisher, this.subscriber]) {
      client.on('error', (error: Error) => {
        this.logger.debug(`Redis: ${error.message}`);
      });
      client.connect().catch((error: unknown) => {
        this.logger.warn({ err: error, msg: 'Redis is not reachable yet' });
      });
    }
    this.subscriber.on('message', (channel: string, message: string) => this.listeners.emit(channel, message));
  }

  async publish(channel: string, message: string): Promise<void> {
    try {
      await this.publisher.publish(channel, message);
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not announce a change on ${channel}` });
    }
  }

  subscribe(channel: string, listener: (message: string) => void): () => void {
    if (this.listeners.listenerCount(channel) === 0) this.run(this.subscriber.subscribe(channel));
    this.listeners.on(channel, listener);
    return () => {
      this.listeners.off(channel, listener);
      if (this.listeners.listenerCount(channel) === 0) this.run(this.subscriber.unsubscribe(channel));
    };
  }

  onApplicationShutdown(): void {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  private run(command: Promise<unknown>): void {
    command.catch((error: unknown) => {
      this.logger.warn({ err: error, msg: 'Redis subscription failed' });
    });
  }
}
