import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Bell } from '../common/bell.js';
import { Config } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { DeliverySender } from './delivery-sender.js';

/** Where workers are told that something is due. */
export const DELIVERIES_CHANNEL = 'webhook-deliveries';

/** Deliveries that one worker has in hand at the same time. They wait for others most of the time. */
const SLOTS = 32;
/** Finds retries that became due, and what an announcement was lost of. */
const POLL_MS = 1000;
/** Receivers answer within that or are slow; runs that drain need the time that a worker has to end. */
const MAX_DRAIN_MS = 2000;

/** Sends what is due while the worker lives. */
@Injectable()
export class DeliveryLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(DeliveryLoop.name);
  private readonly bell = new Bell();
  private readonly inHand = new Set<Promise<void>>();
  private readonly abort = new AbortController();
  private isStopping = false;
  private running: Promise<void> | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly sender: DeliverySender,
    private readonly broadcast: Broadcast,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.broadcast.subscribe(DELIVERIES_CHANNEL, () => {
      this.bell.ring();
    });
    this.running = this.run();
  }

  /** Takes nothing new; what is in hand may end within a moment, then it is given back. */
  async onModuleDestroy(): Promise<void> {
    this.isStopping = true;
    this.unsubscribe();
    this.bell.ring();
    await this.running;
    const drainMs = Math.min(this.config.worker.drainSeconds * 1000, MAX_DRAIN_MS);
    const timer = new AbortController();
    const ended = Promise.all(this.inHand);
    await Promise.race([ended, delay(drainMs, undefined, { signal: timer.signal })]);
    timer.abort();
    this.abort.abort();
    await ended;
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      const hasMore = await this.fill();
      if (!hasMore) await this.bell.rung(POLL_MS);
    }
  }

  /** Fills the free slots; true if there may be more that is due. */
  private async fill(): Promise<boolean> {
    const free = SLOTS - this.inHand.size;
    if (free === 0) return false;
    try {
      const claims = await this.sender.claim(free);
      for (const claim of claims) {
        const work = this.sender.deliver(claim, this.abort.signal).finally(() => {
          this.inHand.delete(work);
          this.bell.ring();
        });
        this.inHand.add(work);
      }
      return claims.length > 0;
    } catch (error) {
      this.logger.error({ err: error, msg: 'due deliveries could not be taken; it is tried again' });
      return false;
    }
  }
}
