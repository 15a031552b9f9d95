import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_OWNER } from '../common/owners.js';
import { backOffMs } from '../common/retry-after.js';
import { Config } from '../config/config.js';
import { asDatabaseAway } from '../platform/prisma/database-errors.js';
import { Sqs, type ReceivedMessage } from '../platform/sqs/sqs.js';
import { GroupPool } from './group-pool.js';
import { IntakeState, type Receipt } from './intake-message.js';
import { Receiver } from './receiver.js';
import type { Routing } from './routing.js';

/** Batches at hand at once; the queue gives no two of one group. */
const POLLERS = 3;
const WAIT_SECONDS = 20;
/** After a kill, the queue gives the messages to another worker when so many seconds are over. */
const VISIBILITY_SECONDS = 20;
const HEARTBEAT_MS = (VISIBILITY_SECONDS * 1000) / 3;
/** For so long messages go by routes that were read before. */
const ROUTING_MS = 1000;
/** Of a batch that cannot be written though the database is there. */
const MAX_TRIES = 5;

/** Takes messages off the input queue: each is written down first and removed then. Does nothing without a queue. */
@Injectable()
export class QueueConsumer implements OnApplicationBootstrap {
  private readonly logger = new Logger(QueueConsumer.name);
  private readonly stopping = new AbortController();
  private readonly queueUrl: string | undefined;
  private pollers: Promise<void>[] = [];
  private known: { at: number; routing: Routing } | undefined;

  constructor(
    private readonly sqs: Sqs,
    private readonly receiver: Receiver,
    private readonly pool: GroupPool,
    config: Config,
  ) {
    this.queueUrl = config.intake.queueUrl;
  }

  onApplicationBootstrap(): void {
    const { queueUrl } = this;
    if (queueUrl !== undefined) this.pollers = Array.from({ length: POLLERS }, () => this.poll(queueUrl));
  }

  /** Takes no more; what is at hand is written down, or given back if that does not work. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.pollers);
  }

  private async poll(queueUrl: string): Promise<void> {
    const { signal } = this.stopping;
    const options = { waitSeconds: WAIT_SECONDS, visibilitySeconds: VISIBILITY_SECONDS, signal };
    for (let failures = 0; !signal.aborted;) {
      try {
        const deliveries = await this.sqs.receive(queueUrl, options);
        if (deliveries.length > 0) await this.take(queueUrl, deliveries);
        failures = 0;
      } catch (error) {
        this.logger.warn({ err: error, msg: 'the input queue could not be read; it is tried again' });
        await this.pause(failures);
        failures += 1;
      }
    }
  }

  private async take(queueUrl: string, deliveries: readonly ReceivedMessage[]): Promise<void> {
    const hide = async (seconds: number): Promise<void> => {
      // One whose time is over comes again, and is known by its id then.
      await Promise.allSettled(deliveries.map(({ receipt }) => this.sqs.hide(queueUrl, receipt, seconds)));
    };
    const heartbeat = setInterval(() => void hide(VISIBILITY_SECONDS), HEARTBEAT_MS);
    try {
      const receipts = await this.write(deliveries);
      // Settled before anything is waited for: one that fails meanwhile has somebody who sees it.
      const removals = Promise.allSettled(deliveries.map(({ receipt }) => this.sqs.remove(queueUrl, receipt)));
      await this.announce(receipts);
      const failed = (await removals).find((removal) => removal.status === 'rejected');
      const error: unknown = failed?.reason;
      if (failed) this.logger.warn({ err: error, msg: 'a message could not be removed; it will come again' });
    } catch (error) {
      await hide(0);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Holds the messages while the database is away: giving them back would count as failed deliveries. */
  private async write(deliveries: readonly ReceivedMessage[]): Promise<Receipt[]> {
    const incoming = deliveries.map(({ body, group }) => ({ body: Buffer.from(body), group: group || null }));
    for (let failures = 0; ; failures += 1) {
      try {
        return await this.receiver.receive(DEFAULT_OWNER, incoming, await this.routing());
      } catch (error) {
        if (this.stopping.signal.aborted) throw error;
        if (asDatabaseAway(error) === null && failures === MAX_TRIES) throw error;
        this.logger.warn({ err: error, msg: 'messages could not be written down; it is tried again' });
        await this.pause(failures);
      }
    }
  }

  private async routing(): Promise<Routing> {
    const { known } = this;
    if (known && performance.now() - known.at < ROUTING_MS) return known.routing;
    this.known = { at: performance.now(), routing: await this.receiver.routing(DEFAULT_OWNER) };
    return this.known.routing;
  }

  private async announce(receipts: readonly Receipt[]): Promise<void> {
    const waiting = receipts.filter(({ message }) => message.state === IntakeState.Received);
    const groups = new Map(waiting.map(({ message }) => [message.group, message.owner]));
    for (const [group, owner] of groups) await this.pool.add({ owner, group });
  }

  private async pause(failures: number): Promise<void> {
    const stopped = () => undefined;
    await delay(backOffMs(failures), undefined, { signal: this.stopping.signal }).catch(stopped);
  }
}
