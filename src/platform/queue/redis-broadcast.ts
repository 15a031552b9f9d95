import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { Config } from '../../config/config.js';
import { Broadcast } from './broadcast.js';
import { redisOptions } from './redis-options.js';

/** Whoever announces a change waits for it: also those who hold a lease on what they do meanwhile. */
const PUBLISH_TIMEOUT_MS = 2000;

/** Redis publish/subscribe: one connection per process, and one subscription per channel, however many listen to it. */
@Injectable()
export class RedisBroadcast extends Broadcast implements OnApplicationShutdown {
  private readonly logger = new Logger(RedisBroadcast.name);
  private readonly listeners = new EventEmitter().setMaxListeners(0);
  /** Who wants to know when listening to a channel begins. */
  private readonly beginnings = new EventEmitter().setMaxListeners(0);
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  constructor(config: Config) {
    super();
    // Announcements wait for no connection, and none is sent again: what cannot be said now is old news later.
    this.publisher = new Redis(config.redis.url, {
      ...redisOptions,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      commandTimeout: PUBLISH_TIMEOUT_MS,
      lazyConnect: true,
    });
    this.subscriber = new Redis(config.redis.url, { ...redisOptions, autoResubscribe: false, lazyConnect: true });
    for (const client of [this.publisher, this.subscriber]) {
      client.on('error', (error: Error) => {
        this.logger.debug(`Redis: ${error.message}`);
      });
      client.connect().catch((error: unknown) => {
        this.logger.warn({ err: error, msg: 'Redis is not reachable yet' });
      });
    }
    this.subscriber.on('message', (channel: string, message: string) => this.listeners.emit(channel, message));
    this.subscriber.on('ready', () => {
      this.listen(this.listeners.eventNames().map(String));
    });
  }

  async publish(channel: string, message: string): Promise<void> {
    try {
      await this.publisher.publish(channel, message);
    } catch (error) {
      this.logger.warn({ err: error, msg: `could not announce a change on ${channel}` });
    }
  }

  subscribe(channel: string, listener: (message: string) => void, listening?: () => void): () => void {
    const isFirst = this.listeners.listenerCount(channel) === 0;
    this.listeners.on(channel, listener);
    if (listening) this.beginnings.on(channel, listening);
    // Redis takes a second subscription for the first: its answer says that listening has begun.
    if (isFirst || listening) this.listen([channel]);
    return () => {
      this.listeners.off(channel, listener);
      if (listening) this.beginnings.off(channel, listening);
      if (this.listeners.listenerCount(channel) === 0 && this.isConnected()) {
        this.run(this.subscriber.unsubscribe(channel));
      }
    };
  }

  onApplicationShutdown(): void {
    this.publisher.disconnect();
    this.subscriber.disconnect();
  }

  /** Without a connection there is nothing to do yet: all channels are subscribed to when there is one. */
  private listen(channels: readonly string[]): void {
    if (channels.length === 0 || !this.isConnected()) return;
    const subscribed = this.subscriber.subscribe(...channels).then(() => {
      for (const channel of channels) this.beginnings.emit(channel);
    });
    this.run(subscribed);
  }

  private isConnected(): boolean {
    return this.subscriber.status === 'ready';
  }

  private run(command: Promise<unknown>): void {
    command.catch((error: unknown) => {
      this.logger.warn({ err: error, msg: 'Redis subscription failed' });
    });
  }
}
