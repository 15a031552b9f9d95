import { Injectable, Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { Bell } from '../common/bell.js';
import { Config } from '../config/config.js';
import { Broadcast } from '../platform/queue/broadcast.js';
import { OUTBOX_CHANNEL } from './outbox-writer.js';
import { OutboxRepository, type ClaimedEvent } from './outbox.repository.js';
import { OutboxTeller } from './outbox-teller.js';

/** How often the table is looked at although nobody woke the dispatcher. */
const POLL_MS = 2000;
/** Streams that are told at the same time, and how much of one is taken at once. */
const STREAMS = 64;
const EVENTS_PER_STREAM = 50;
/** After so much of the lease nothing more of the claim is begun: the rest of it is for what is under way. */
const WORKING_PART = 0.5;
const STOP_MS = 5000;

/** Tells what is in the outbox, in every worker, beside those of other workers. The table is the truth; a wake-up is a hint. */
@Injectable()
export class OutboxDispatcher implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxDispatcher.name);
  private readonly bell = new Bell();
  private readonly inHand = new Set<Promise<void>>();
  private stopping = false;
  private retryAt = Infinity;
  /** The stream after which the next claim goes on. */
  private after = '';
  private loop: Promise<void> | undefined;
  private unsubscribe: () => void = () => undefined;

  constructor(
    private readonly repository: OutboxRepository,
    private readonly teller: OutboxTeller,
    private readonly broadcast: Broadcast,
    private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    const wake = (): void => {
      this.bell.ring();
    };
    this.unsubscribe = this.broadcast.subscribe(OUTBOX_CHANNEL, wake, wake);
    this.loop = this.run();
  }

  /**
   * After the runs of this worker have ended or been handed back: what they have to tell is told until then. Now the events in
   * hand are ended, and those behind them given back: whatever is left, the last word of a run too, any other worker tells, or
   * the next one that starts. What takes longer than `STOP_MS` is told again when its lease has run out.
   */
  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe();
    this.stopping = true;
    this.bell.ring();
    const ended = (async () => {
      await this.loop;
      await Promise.all(this.inHand);
    })();
    await Promise.race([ended, delay(STOP_MS, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const until = Date.now() + this.config.runs.leaseSeconds * 1000 * WORKING_PART;
      for (const events of await this.claim()) this.begin(events, until);
      await this.bell.rung(this.pause());
      // What ends together is replaced together.
      await nextTurn();
    }
  }

  /** Goes round all streams, so that each has its turn however many there are. */
  private async claim(): Promise<ClaimedEvent[][]> {
    const free = STREAMS - this.inHand.size;
    if (free === 0) return [];
    const { after } = this;
    const limits = { after, streams: free, eventsPerStream: EVENTS_PER_STREAM };
    try {
      const claim = await this.repository.claim({ ...limits, leaseSeconds: this.config.runs.leaseSeconds });
      this.after = claim.last;
      // The round is at its end: it begins anew as soon as what this claim has is begun.
      if (after !== '' && claim.last === '') this.bell.ring();
      return claim.streams;
    } catch (error) {
      this.logger.warn({ err: error, msg: 'the outbox cannot be read; it is tried again' });
      return [];
    }
  }

  private begin(events: readonly ClaimedEvent[], until: number): void {
    const telling = this.teller
      .tell(events, () => !this.stopping && Date.now() < until)
      .then((retrySeconds) => {
        if (retrySeconds !== null) this.retryAt = Math.min(this.retryAt, Date.now() + retrySeconds * 1000);
      })
      .finally(() => {
        this.inHand.delete(telling);
        // The stream may go on.
        this.bell.ring();
      });
    this.inHand.add(telling);
  }

  /** Milliseconds until the table is looked at anyway: a poll, or the end of a pause that this dispatcher knows of. */
  private pause(): number {
    const retryIn = this.retryAt - Date.now();
    if (retryIn > 0) return Math.min(retryIn, POLL_MS);
    this.retryAt = Infinity;
    return POLL_MS;
  }
}
