import { Injectable, Logger } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import { backOffSeconds } from './back-off.js';
import { OutboxSinks } from './outbox-sinks.js';
import { OutboxRepository, type ClaimedEvent } from './outbox.repository.js';

const FINISHED_AT_ONCE = 1000;
const MAX_ERROR_LENGTH = 500;

/** Tells events of one stream to all sinks, one after another, and writes down how far that went. */
@Injectable()
export class OutboxTeller {
  private readonly logger = new Logger(OutboxTeller.name);
  /** One statement for what ends at the same moment, in whatever stream. */
  private readonly finishing: Batcher<bigint>;

  constructor(
    private readonly repository: OutboxRepository,
    private readonly sinks: OutboxSinks,
  ) {
    this.finishing = new Batcher<bigint>(
      async (sequences) => {
        await this.repository.finish(sequences);
        return sequences.map(() => null);
      },
      { size: FINISHED_AT_ONCE, concurrency: 1 },
    );
  }

  /**
   * Goes through the events of one claim until one cannot be told or `goesOn` says no; that one and those after it are given back.
   * Returns the seconds after which the stream may be tried again, null if nothing failed. Never rejects: what cannot be written
   * down is told again when the claim has run out.
   */
  async tell(events: readonly ClaimedEvent[], goesOn: () => boolean): Promise<number | null> {
    const finished: Promise<void>[] = [];
    try {
      for (const [index, claimed] of events.entries()) {
        const rest = events.slice(index);
        if (!goesOn()) {
          await this.repository.giveBack(rest, null);
          return null;
        }
        const { taken, errors } = await this.offer(claimed);
        if (errors.length > 0) return await this.postpone(rest, { taken, error: errors.join('; ') });
        finished.push(this.finish(claimed));
      }
      return null;
    } catch (error) {
      this.logger.warn({ err: error, msg: 'events could not be given back; they are told again later' });
      return null;
    } finally {
      await Promise.all(finished);
    }
  }

  private async offer({ event, taken }: ClaimedEvent): Promise<{ taken: string[]; errors: string[] }> {
    const sinks = this.sinks.all().filter(({ name }) => !taken.includes(name));
    const results = await Promise.allSettled(sinks.map(async (sink) => sink.take(event)));
    const offered = { taken: [...taken], errors: [] as string[] };
    for (const [index, sink] of sinks.entries()) {
      const result = results[index];
      if (result?.status !== 'rejected') {
        offered.taken.push(sink.name);
        continue;
      }
      const error: unknown = result.reason;
      this.logger.warn({ err: error, msg: `${sink.name} could not take an event`, event_id: event.id });
      offered.errors.push(`${sink.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    return offered;
  }

  private async postpone(
    rest: readonly ClaimedEvent[],
    { taken, error }: { taken: string[]; error: string },
  ): Promise<number> {
    const delaySeconds = backOffSeconds(rest[0]?.failures ?? 0);
    await this.repository.giveBack(rest, { taken, error: error.slice(0, MAX_ERROR_LENGTH), delaySeconds });
    return delaySeconds;
  }

  private async finish({ event }: ClaimedEvent): Promise<void> {
    try {
      await this.finishing.add(event.sequence);
    } catch (error) {
      this.logger.warn({ err: error, msg: 'a told event could not be noted; it is told again', event_id: event.id });
    }
  }
}
